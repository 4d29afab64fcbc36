// A worker as a process: serves the desk's tools for the queues that E2E_QUEUES names. Over IPC a test may have it held
// at a point of a task's life: {ask, hold: {point, tool}} is answered at once, and {held: {point, task}} tells that the
// point was reached; {release: point} lets it go on.
import { armFaultPoints } from "@agentspan/internal";
import { AgentRuntime, type HookedTask, type WorkerTestHooks } from "@agentspan/sdk";
import { deskAgent } from "./desk-agent.js";

type Point = Exclude<keyof WorkerTestHooks, "clock">;
interface Hold {
  readonly point: Point;
  readonly tool: string;
}
interface Message {
  readonly ask?: number;
  readonly hold?: Hold;
  readonly release?: string;
}

const holds = new Map<string, Hold>();
const held = new Map<string, () => void>();

function hook(point: Point) {
  return async (task: HookedTask): Promise<void> => {
    const hold = holds.get(point);
    if (hold === undefined || hold.tool !== task.toolName) return;
    holds.delete(point);
    const released = new Promise<void>((resolve) => held.set(point, resolve));
    process.send?.({ held: { point, task: { runId: task.runId, callId: task.callId, attempt: task.attempt } } });
    await released;
  };
}

armFaultPoints(process.env);
const queues = (process.env.E2E_QUEUES ?? "desk").split(",");
const runtime = new AgentRuntime({
  workerId: process.env.E2E_WORKER_ID ?? "worker",
  concurrency: Number(process.env.E2E_CONCURRENCY ?? 16),
  testHooks: {
    beforeClaim: hook("beforeClaim"),
    afterClaim: hook("afterClaim"),
    beforeExecute: hook("beforeExecute"),
    afterExecute: hook("afterExecute"),
    afterComplete: hook("afterComplete"),
  },
});

process.on("message", ({ ask, hold, release }: Message) => {
  if (hold !== undefined) holds.set(hold.point, hold);
  if (release !== undefined) held.get(release)?.();
  if (ask !== undefined) process.send?.({ answer: ask });
});
process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
process.once("SIGTERM", () => void runtime.shutdown({ grace: "1s" }).then(() => process.exit(0)));

await runtime.serve(
  queues.map((queue) => deskAgent(queue)),
  { blocking: false },
);
process.send?.({ ready: true });
