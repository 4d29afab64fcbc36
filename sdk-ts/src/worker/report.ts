import { faultPoint } from "@agentspan/internal";
import {
  type CompleteRequest,
  CompleteRequestSchema,
  CompleteResponseSchema,
  CompletionStatus,
  ReleaseReason,
  ReleaseRequestSchema,
  ReleaseResponseSchema,
} from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { askUntilAnswered, isUnregistered } from "./ask-until-answered.js";
import type { Objection } from "./grant-check.js";
import type { TaskInHand } from "./task-in-hand.js";
import type { WorkerParts } from "./worker-parts.js";

/** A server that has forgotten this worker knows it after one; more are for servers that forget in between. */
const MOST_REGISTRATIONS = 3;

/** Reports an outcome until it is answered: only then does it count. */
export async function complete(
  parts: WorkerParts,
  task: TaskInHand,
  done: Pick<CompleteRequest, "outcome" | "argumentsDigest"> & { readonly orchestratorId: string },
): Promise<void> {
  const { runId, callId, attempt, nonce } = task;
  const { outcome, argumentsDigest } = done;
  const told = { ...parts.identity, runId, callId, attempt, nonce, argumentsDigest, outcome };
  const tell = () =>
    askUntilAnswered(
      parts,
      "complete",
      [CompleteRequestSchema, CompleteResponseSchema],
      create(CompleteRequestSchema, told),
      { first: done.orchestratorId, signal: parts.ended },
    );
  let answer = await tell();
  for (let tries = 0; tries < MOST_REGISTRATIONS && isUnregistered(answer.error); tries++) {
    await parts.registerNow();
    answer = await tell();
  }
  const fields = { runId, callId, attempt, outcome: outcome.case, detail: answer.detail };
  if (answer.error !== undefined) {
    parts.logger.error({ ...fields, ...answer.error }, "The server refused an outcome for good");
  } else if (answer.status === CompletionStatus.ACCEPTED) {
    parts.logger.debug(fields, "Completed a task");
  } else {
    parts.logger.warn({ ...fields, status: CompletionStatus[answer.status] }, "An outcome came too late for its call");
  }
}

/** Hands back a task that was not begun, until it is answered. */
export async function release(
  parts: WorkerParts,
  task: TaskInHand,
  why: Objection & { readonly orchestratorId: string },
): Promise<void> {
  const { runId, callId, attempt, nonce } = task;
  const { reason, detail } = why;
  faultPoint("worker.before-release");
  const answer = await askUntilAnswered(
    parts,
    "release",
    [ReleaseRequestSchema, ReleaseResponseSchema],
    create(ReleaseRequestSchema, { ...parts.identity, runId, callId, attempt, nonce, reason, detail }),
    { first: why.orchestratorId, signal: parts.ended },
  );
  const fields = { runId, callId, attempt, reason: ReleaseReason[reason], detail };
  if (answer.error !== undefined)
    parts.logger.error({ ...fields, error: answer.error.reason }, "A release was refused");
  else parts.logger.info({ ...fields, released: answer.released }, "Handed a task back");
}
