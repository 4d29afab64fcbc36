// One task from its hint to its answered outcome. The order is the contract's:
//  1. the nonce is in hand, and so in every heartbeat, before the claim that carries it is sent;
//  2. the hint is acknowledged as soon as the claim is answered, either way: only the server tries again. It is put back
//     where the server must be told of this worker first;
//  3. checks, the worker's own schema among them, come between grant and beginning; the age of a guarded grant last,
//     with nothing awaited between it and the call of the function;
//  4. what has begun is completed, never released; what has not is released, never completed.
import { faultPoint, faultPointAfterSending, under } from "@agentspan/internal";
import { ReleaseReason } from "@agentspan/proto";
import { type Claimed, claim } from "./claim.js";
import { execute } from "./execute.js";
import { isGuarded, type Objection, objectionTo, tooLate } from "./grant-check.js";
import { runPreview } from "./preview-run.js";
import { runProbe } from "./probe-run.js";
import { complete, release } from "./report.js";
import {
  acknowledgeHints,
  giveHintsBack,
  LEFT_TO_OTHERS_MS,
  readArguments,
  type TaskInHand,
  type TaskRunOptions,
} from "./task-in-hand.js";
import type { WorkerParts } from "./worker-parts.js";

type Granted = Extract<Claimed, { kind: "granted" }>;

/** Resolves when the server has answered for the task. Throws where the worker ended first, or a test hook threw. */
export async function runTask(parts: WorkerParts, task: TaskInHand, options: TaskRunOptions): Promise<void> {
  const { hooks, logger } = parts;
  const { runId, callId, attempt } = task;
  await hooks.beforeClaim?.(task);
  faultPoint("worker.after-pull");
  const claiming = claim(parts, task);
  faultPointAfterSending("worker.after-claim-sent");
  const claimed = await claiming;
  if (claimed.kind === "probe") return runProbe(parts, task, options);
  if (claimed.kind === "preview") return runPreview(parts, task, options);
  if (claimed.kind === "unregistered") return giveHintsBack(task, LEFT_TO_OTHERS_MS);
  acknowledgeHints(task);
  if (claimed.kind === "refused") {
    logger.debug({ runId, callId, attempt, reason: claimed.reason }, "A claim was refused");
    return;
  }
  faultPoint("worker.after-grant");
  await hooks.afterClaim?.(task);
  const { grant, orchestratorId } = claimed;
  const begun = await begin(parts, task, claimed, options);
  const inTrace = <T>(tell: () => T): T => under(grant.traceparent, tell);
  if ("reason" in begun) return inTrace(() => release(parts, task, { ...begun, orchestratorId }));
  const outcome = await begun.outcome;
  faultPoint("worker.after-execute");
  await hooks.afterExecute?.(task);
  const done = { outcome, argumentsDigest: grant.argumentsDigest, orchestratorId };
  const completing = inTrace(() => complete(parts, task, done));
  faultPointAfterSending("worker.after-complete-sent");
  await completing;
  faultPoint("worker.after-complete");
  await hooks.afterComplete?.(task);
}

/** The running function, or why it was not called. */
async function begin(
  parts: WorkerParts,
  task: TaskInHand,
  { grant, sentAt }: Granted,
  { draining }: TaskRunOptions,
): Promise<{ readonly outcome: ReturnType<typeof execute> } | Objection> {
  const { time, trustedKeys } = parts;
  const objection = objectionTo(grant, task, { workerId: parts.identity.workerId, clock: time, trustedKeys });
  if (objection !== undefined) {
    const { runId, callId, attempt } = task;
    parts.logger.error({ runId, callId, attempt, why: objection.detail }, "A grant was refused");
    return objection;
  }
  const read = await readArguments(task, grant.argumentsJson);
  if (!read.ok) return { reason: ReleaseReason.INCOMPATIBLE, detail: read.problem };
  await parts.hooks.beforeExecute?.(task);
  if (draining()) return { reason: ReleaseReason.SHUTTING_DOWN, detail: "the worker is shutting down" };
  if (task.abort.signal.aborted) return { reason: ReleaseReason.TOO_LATE, detail: "told to stop before it began" };
  const late = isGuarded(grant, task) ? tooLate(sentAt, time) : undefined;
  if (late !== undefined) return late;
  faultPoint("worker.before-execute");
  task.begun = true;
  return { outcome: execute(parts, task, { grant, args: read.value, sentAt }) };
}
