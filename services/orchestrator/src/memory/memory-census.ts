import type { Census } from "../ports.js";
import { isReadable } from "../run-record.js";
import type { MemoryDatabase } from "./memory-database.js";

/** As the database's indexes tell it. */
export function takeCensus({ runs, webhooks }: MemoryDatabase): Census {
  const all = [...runs.values()];
  const inState = (state: string) => all.filter(({ index }) => index.state === state);
  const waitingSince = first(inState("WAITING").map(({ index }) => index.openSince));
  const owedSince = first(all.filter(({ schema }) => isReadable(schema)).map(({ wakeAt }) => wakeAt));
  const pending = [...webhooks.deliveries.values()].filter(({ state }) => state === "PENDING");
  const deliverySince = first(pending.map(({ dueAt }) => dueAt));
  return {
    runs: { RUNNING: inState("RUNNING").length, WAITING: inState("WAITING").length, PAUSED: inState("PAUSED").length },
    ...(waitingSince === undefined ? {} : { waitingSince }),
    ...(owedSince === undefined ? {} : { owedSince }),
    ...(deliverySince === undefined ? {} : { deliverySince }),
  };
}

function first(times: readonly (number | undefined)[]): number | undefined {
  const known = times.flatMap((at) => at ?? []);
  return known.length === 0 ? undefined : Math.min(...known);
}
