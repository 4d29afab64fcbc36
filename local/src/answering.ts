import { setTimeout as delay } from "node:timers/promises";
import { LocalStackError } from "./local-stack-error.js";

const ANSWER_WITHIN_MS = 15_000;
const LOOK_MS = 20;

/** Waits until a gateway finds an orchestrator. Throws SERVICE_FAILED, which says where to look. */
export async function answering(gatewayUrl: string, signal: AbortSignal, where: string): Promise<void> {
  const deadline = performance.now() + ANSWER_WITHIN_MS;
  for (;;) {
    signal.throwIfAborted();
    const status = await fetch(`${gatewayUrl}/readyz`, { signal: AbortSignal.timeout(3_000) }).then(
      (response) => response.status,
      () => 0,
    );
    if (status === 200) return;
    if (performance.now() > deadline) {
      throw new LocalStackError("SERVICE_FAILED", `The gateway finds no orchestrator that answers. ${where}`);
    }
    await delay(LOOK_MS, undefined, { signal });
  }
}
