import { systemTime } from "@agentspan/internal";
import { describe, expect, it } from "vitest";
import { emptyDatabase } from "../../src/memory/memory-database.js";
import { MemoryStore } from "../../src/memory/memory-store.js";
import type { InstanceKeys } from "../../src/ports.js";
import { requireSharedKeys } from "../../src/proof/shared-keys.js";

const OLD: InstanceKeys = { signing: "old", trusted: ["old"] };
const BOTH: InstanceKeys = { signing: "old", trusted: ["old", "new"] };
const NEW: InstanceKeys = { signing: "new", trusted: ["new", "old"] };
const STRANGER: InstanceKeys = { signing: "stranger", trusted: ["stranger"] };

/** Starts beside another orchestrator, which shows life or does not. */
async function starting(mine: InstanceKeys | undefined, theirs: InstanceKeys | undefined, alive: boolean) {
  const store = new MemoryStore({ database: emptyDatabase() });
  let counter = 0;
  const beat = () => {
    counter += 1;
    const other = { incarnation: "orc_other", kind: "orchestrator" as const, name: "orc_other", namespace: "" };
    return store.beat([{ ...other, counter, inHand: [], tools: [], ...(theirs && { keys: theirs }) }]);
  };
  await beat();
  const beating = alive ? setInterval(() => void beat(), 20) : undefined;
  let looks = 0;
  // Time passes with each look, so that nobody waits for a lease.
  const time = { ...systemTime, monotonic: () => 200 * looks++ };
  try {
    await requireSharedKeys({ store, incarnation: "orc_me", keys: mine, leaseMs: 400, time });
  } finally {
    clearInterval(beating);
  }
}

describe("an orchestrator that starts beside another", () => {
  it.each([
    ["none has keys", undefined, undefined],
    ["both sign with one key", OLD, OLD],
    ["each trusts the other's key while keys are changed", NEW, BOTH],
  ])("does so at once where %s", async (_, mine, theirs) => {
    await expect(starting(mine, theirs, true)).resolves.toBeUndefined();
  });

  it.each([
    ["it does not trust the other", OLD, STRANGER, /its key stranger is not trusted here/],
    ["the other does not trust it", NEW, OLD, /it does not trust the key new of this one/],
    ["the other has no key", OLD, undefined, /has no signing key/],
    ["it has none", undefined, OLD, /this one has no key/],
  ])("refuses where %s", async (_, mine, theirs, why) => {
    await expect(starting(mine, theirs, true)).rejects.toThrow(why);
  });

  it("is not kept from it by one that was killed", async () => {
    await expect(starting(OLD, STRANGER, false)).resolves.toBeUndefined();
  });
});
