import { contextUnder, inSpan, type SpanSettings } from "@agentspan/internal";
import type { Grant } from "@agentspan/proto";
import { timestampDate, timestampMs } from "@bufbuild/protobuf/wkt";
import type { ToolContext } from "../tool-context.js";
import type { Instant } from "./clock.js";
import { isGuarded } from "./grant-check.js";
import { type Outcome, returned, threw } from "./outcome.js";
import type { TaskInHand } from "./task-in-hand.js";
import { callTool, type WorkerParts } from "./worker-parts.js";

/** Milliseconds a timer can wait; a later deadline is the server's to tell. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Calls the function and waits for it, also past its deadline: it is told by its signal, and what it then does is what
 * is reported. A guarded effect that is still going on must not be called failed.
 */
export async function execute(
  parts: WorkerParts,
  task: TaskInHand,
  granted: { readonly grant: Grant; readonly args: unknown; readonly sentAt: Instant },
): Promise<Outcome> {
  const { grant, args } = granted;
  const leftMs = millisecondsLeft(parts, grant, granted.sentAt);
  const deadline = leftMs === undefined ? undefined : new Date(parts.time.wall() + leftMs);
  const overdue = () => task.abort.abort(new Error(`The tool ran past its deadline (${deadline?.toISOString()}).`));
  const timer =
    leftMs === undefined || leftMs > LONGEST_TIMER_MS ? undefined : parts.time.after(leftMs, overdue).unref();
  try {
    const context = contextOf(parts, task, grant, deadline);
    const value = await inSpan(`execute_tool ${task.toolName}`, spanOf(task, grant), () =>
      callTool(parts, task, "execute", () => task.tool.execute(args, context), args, context),
    );
    return returned(value, { guarded: isGuarded(grant, task), maxPayload: parts.link.maxPayload });
  } catch (error) {
    const { toolName, attempt, runId, callId } = task;
    parts.logger.warn({ toolName, attempt, runId, callId, err: error }, "A tool threw");
    return threw(error);
  } finally {
    timer?.cancel();
  }
}

/** Of OpenTelemetry's conventions for generative AI, in the trace of whoever set the run going. */
function spanOf({ toolName, runId, callId, attempt }: TaskInHand, grant: Grant): SpanSettings {
  const attributes = {
    "gen_ai.operation.name": "execute_tool",
    "gen_ai.tool.name": toolName,
    "gen_ai.tool.type": "function",
    "gen_ai.tool.call.id": callId,
    "gen_ai.agent.name": grant.agentName,
    "gen_ai.conversation.id": runId,
    "agentspan.run.id": runId,
    "agentspan.attempt": attempt,
  };
  return { attributes, parent: contextUnder(grant.traceparent) };
}

// The deadline is by the server's clock and so is the time of the grant: their distance holds on any clock. Where the
// grant's time is not told, the clocks are taken to agree.
function millisecondsLeft(parts: WorkerParts, grant: Grant, sentAt: Instant): number | undefined {
  if (grant.deadline === undefined) return undefined;
  const at = timestampMs(grant.deadline);
  const grantedAt = grant.proof?.grantedAt;
  if (grantedAt === undefined) return Math.max(0, at - parts.time.wall());
  return Math.max(0, at - timestampMs(grantedAt) - (parts.time.monotonic() - sentAt.monotonicMs));
}

function contextOf(parts: WorkerParts, task: TaskInHand, grant: Grant, deadline: Date | undefined): ToolContext {
  const { runId, callId, attempt, toolName } = task;
  const { proof } = grant;
  return {
    runId,
    callId,
    attempt,
    idempotencyKey: grant.idempotencyKey,
    ...(deadline && { deadline }),
    signal: task.abort.signal,
    logger: parts.logger.child({ runId, callId, attempt, toolName }),
    ...(proof && {
      proof: {
        approvalId: proof.approvalId,
        decisionId: proof.decisionId,
        argumentsDigest: proof.argumentsDigest,
        grantedAt: proof.grantedAt && timestampDate(proof.grantedAt),
        keyId: proof.keyId,
        signature: proof.signature,
      },
    }),
  };
}
