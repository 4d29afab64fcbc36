// Live events as they are sent.
import { Limits } from "@agentspan/internal";
import { type LiveEvents, LiveEventsSchema } from "@agentspan/proto";
import { create, toBinary } from "@bufbuild/protobuf";

/** The bytes of a live message; over the limit it carries the last sequence alone, and watchers read the history. */
export function encodeLive(live: LiveEvents): Uint8Array {
  const whole = toBinary(LiveEventsSchema, live);
  if (whole.length <= Limits.liveMessageBytes) return whole;
  const { runId, lastSequence, ended } = live;
  return toBinary(LiveEventsSchema, create(LiveEventsSchema, { runId, lastSequence, ended }));
}
