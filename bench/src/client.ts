// The client in its own process: starts runs, watches them, approves, and tells its parent how long each part took.
import { AgentRuntime } from "@agentspan/sdk";
import { agent, INPUT } from "./refund-workload.js";

export type Order =
  /** Whole runs, so many at once. */
  | { readonly kind: "complete"; readonly runs: number; readonly atOnce: number }
  /** Runs that are started and left waiting; answered when each waits. */
  | { readonly kind: "leave_waiting"; readonly runs: number; readonly atOnce: number };

export interface Report {
  readonly elapsedMs: number;
  readonly startToWaitingMs: readonly number[];
  readonly approveToDoneMs: readonly number[];
  readonly runIds: readonly string[];
}

const url = process.env.AGENTSPAN_SERVER_URL ?? "";
const grpcUrl = process.env.BENCH_GRPC_URL;
const runtime = new AgentRuntime({ url, ...(grpcUrl === undefined ? {} : { grpcUrl }) });

async function oneRun(approve: boolean, report: { waiting: number[]; done: number[]; ids: string[] }): Promise<void> {
  const begun = performance.now();
  const handle = await runtime.start(agent, INPUT, { serve: false });
  report.ids.push(handle.runId);
  let approved = 0;
  for await (const event of handle.stream()) {
    if (event.type === "waiting") {
      report.waiting.push(performance.now() - begun);
      if (!approve) return;
      approved = performance.now();
      await handle.approve();
    } else if (event.type === "done") {
      report.done.push(performance.now() - approved);
      return;
    } else if (event.type === "failed") {
      throw new Error(`Run ${handle.runId} failed: ${event.error?.message ?? ""}`);
    }
  }
  throw new Error(`Run ${handle.runId} ended without an answer.`);
}

async function carryOut(order: Order): Promise<Report> {
  const report = { waiting: [] as number[], done: [] as number[], ids: [] as string[] };
  const begun = performance.now();
  let left = order.runs;
  const lanes = Array.from({ length: Math.min(order.atOnce, order.runs) }, async () => {
    while (left > 0) {
      left -= 1;
      await oneRun(order.kind === "complete", report);
    }
  });
  await Promise.all(lanes);
  return {
    elapsedMs: performance.now() - begun,
    startToWaitingMs: report.waiting,
    approveToDoneMs: report.done,
    runIds: report.ids,
  };
}

process.on("message", (order: Order) => {
  carryOut(order).then(
    (report) => process.send?.({ report }),
    (error: unknown) => process.send?.({ failure: String(error) }),
  );
});
process.once("disconnect", () => process.exit(0));
process.once("SIGTERM", () => process.exit(0));
process.send?.({ ready: true });
