// Faults for the store in memory. Its database is the map that its stores share; a crash takes nothing from it, since
// what a commit acknowledged is in it.
import type { MemoryFault } from "../../../src/memory/memory-fault.js";
import { MemoryStore } from "../../../src/memory/memory-store.js";
import type { Store } from "../../../src/ports.js";
import type { StoreFixture } from "./store-fixture.js";

export async function memoryFixture(): Promise<StoreFixture> {
  let isAway = false;
  let frozen: Gate | undefined;
  let next: (() => MemoryFault) | undefined;

  const fault = (operation: keyof Store): MemoryFault | undefined => {
    if (isAway) return "away";
    if (frozen !== undefined) return { late: frozen.opened };
    if (operation !== "commit" || next === undefined) return undefined;
    const taken = next;
    next = undefined;
    return taken();
  };
  const store = new MemoryStore({ fault });
  const { database } = store;

  return {
    store,
    connect: async () => new MemoryStore({ database, fault }),
    loseNextAnswer: () => {
      next = () => "answer_lost";
    },
    loseNextAnswerAndLeave: () => {
      next = () => {
        isAway = true;
        return "answer_lost";
      };
    },
    holdNextCommit: () => {
      const { opened, open } = gate();
      next = () => ({ late: opened });
      return open;
    },
    leave: async () => {
      isAway = true;
    },
    freeze: async () => {
      frozen = gate();
    },
    comeBack: async () => {
      isAway = false;
      frozen?.open();
      frozen = undefined;
    },
    crash: async () => {
      isAway = true;
      await new Promise((resolve) => setImmediate(resolve));
      isAway = false;
    },
    plantNewer: async (write) => {
      await store.commit(write);
      const record = database.runs.get(write.runId);
      if (record === undefined) throw new Error(`Run ${write.runId} was not written.`);
      database.runs.set(write.runId, { ...record, schema: record.schema + 1 });
    },
    spoilRun: async (runId, fields) => {
      const record = database.runs.get(runId);
      if (record === undefined) throw new Error(`There is no run ${runId}.`);
      database.runs.set(runId, { ...record, ...fields });
    },
    close: () => store.close(),
  };
}

interface Gate {
  readonly opened: Promise<void>;
  readonly open: () => void;
}

function gate(): Gate {
  let open: (() => void) | undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open?.() };
}
