// The events of a run as a test writes them down: what happened, and after how many seconds.
import { type Event, EventSchema } from "@agentspan/proto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";

export type Told = NonNullable<MessageInitShape<typeof EventSchema>["event"]>;

/** Something that happened, after so many seconds. */
export type Moment = readonly [seconds: number, event: Told];

/** Their sequences are from 1 on. */
export function story(...steps: readonly Moment[]): Event[] {
  return steps.map(([seconds, event], at) =>
    create(EventSchema, { runId: "run_1", sequence: BigInt(at + 1), at: timestampFromMs(seconds * 1_000), event }),
  );
}

export const STARTED: Told = { case: "runStarted", value: { agentName: "desk", input: "hello" } };
export const DONE: Told = { case: "done", value: { outputJson: '{"result":"ok"}' } };

export function replied(...callIds: string[]): Told {
  return { case: "modelReplied", value: { turn: 1, callIds, usage: { inputTokens: 10n, outputTokens: 5n } } };
}

export function called(callId: string, toolName = "refund"): Told {
  return { case: "toolCall", value: { callId, toolName, argumentsJson: "{}" } };
}

export function began(callId: string): Told {
  return { case: "toolStarted", value: { callId, toolName: "refund", workerId: "worker-1", attempt: 1 } };
}

export function waits(callId: string): Told {
  return { case: "waiting", value: { approval: { approvalId: `apr_${callId}`, runId: "run_1", callId } } };
}

export function gave(callId: string, outcome: Extract<Told, { case: "toolResult" }>["value"]["outcome"]): Told {
  return { case: "toolResult", value: { callId, toolName: "refund", ...(outcome && { outcome }) } };
}

export function wentWrong(callId: string, reason: string, retryAtSeconds?: number): Told {
  const retryAt = retryAtSeconds === undefined ? {} : { retryAt: timestampFromMs(retryAtSeconds * 1_000) };
  return { case: "error", value: { callId, reason, ...retryAt } };
}
