import { faultPoint } from "@agentspan/internal";
import { HeartbeatRequestSchema, type HeartbeatResponse, HeartbeatResponseSchema } from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { pause } from "../backoff.js";
import type { TaskInHand } from "./task-in-hand.js";
import type { WorkerParts } from "./worker-parts.js";

export interface HeartbeatOptions {
  readonly intervalMs: () => number;
  readonly inHand: () => Iterable<TaskInHand>;
  readonly onAnswer: (answer: HeartbeatResponse) => void;
}

/**
 * Says at every interval, also when idle, that this incarnation lives and what it has in hand. One is in flight at a
 * time; one that is not answered is followed at once by a new one, to any orchestrator: whoever judges leases must see
 * the counter move. Ends with the worker.
 */
export async function beat(parts: WorkerParts, options: HeartbeatOptions): Promise<void> {
  const { identity, link, ended, time } = parts;
  let counter = 0n;
  let orchestratorId: string | undefined;
  while (!ended.aborted) {
    const intervalMs = options.intervalMs();
    const begun = time.monotonic();
    const tasks = [...options.inHand()].map(({ runId, callId, attempt, nonce, begun: hasBegun }) => ({
      runId,
      callId,
      attempt,
      nonce,
      begun: hasBegun,
    }));
    counter++;
    faultPoint("worker.before-heartbeat");
    const answer = await link.ask(
      "heartbeat",
      [HeartbeatRequestSchema, HeartbeatResponseSchema],
      create(HeartbeatRequestSchema, { ...identity, counter, tasks }),
      { timeoutMs: Math.max(200, intervalMs / 2), orchestratorId },
    );
    const taken = answer !== undefined && answer.error === undefined;
    if (taken) options.onAnswer(answer);
    const affine = orchestratorId !== undefined;
    orchestratorId = taken && answer.orchestratorId !== "" ? answer.orchestratorId : undefined;
    // Nobody there at all is told at once, and must not be asked in a tight loop.
    const nextMs = taken ? intervalMs - (time.monotonic() - begun) : affine ? 0 : intervalMs / 4;
    if (nextMs > 0) await pause(nextMs, ended, { ref: false, time }).catch(() => undefined);
  }
}
