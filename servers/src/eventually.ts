// For tests: what a machine that is busy with other things does later, and does.
import { setTimeout as delay } from "node:timers/promises";

/** Far more than anything takes that comes at all, and less than a test has. */
const PATIENCE_MS = 55_000;

/** Of what was waited for, so much passes between two looks: whoever is looked at has time for its work. */
const SHARE = 1 / 20;

/** What `check` gives once it throws nothing more. Where it throws to the end of 55 seconds, its last error. */
export async function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  const begun = performance.now();
  for (;;) {
    try {
      return await check();
    } catch (error) {
      const waitedMs = performance.now() - begun;
      if (waitedMs > PATIENCE_MS) throw error;
      await delay(Math.max(10, waitedMs * SHARE));
    }
  }
}
