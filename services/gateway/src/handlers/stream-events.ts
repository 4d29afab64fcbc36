import { faultPoint } from "@agentspan/internal";
import type { StreamEventsResponse } from "@agentspan/proto";
import {
  GetHistoryRequestSchema,
  RunService,
  type StreamEventsRequest,
  StreamEventsResponseSchema,
} from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { EventStream } from "../events/event-stream.js";
import type { StreamHandler } from "../method.js";
import { checkRunId } from "../validation/run.js";
import type { HandlerDeps } from "./deps.js";

/** History after a sequence, then what happens, until the run has ended. */
export function streamEvents({
  orchestrators,
  watches,
  log,
}: HandlerDeps): StreamHandler<StreamEventsRequest, StreamEventsResponse> {
  return async function* (request, context) {
    checkRunId(request);
    const { runId } = request;
    const stream = new EventStream({
      afterSequence: request.afterSequence,
      includeDeltas: request.includeDeltas,
      readHistory: (afterSequence) =>
        orchestrators.ask(
          RunService.method.getHistory,
          create(GetHistoryRequestSchema, { runId, afterSequence }),
          context,
          runId,
        ),
      signal: context.signal,
      log: log.child({ runId }),
    });
    // Subscribed before the history is read, so that nothing falls between the two.
    const release = watches.add(context.namespace, runId, stream);
    // With connect-node, a generator that is blocked in `yield` when its client dies never gets to its finally.
    context.signal.addEventListener("abort", release, { once: true });
    try {
      for (let event = await stream.next(); event !== undefined; event = await stream.next()) {
        faultPoint("gateway.before-event");
        yield create(StreamEventsResponseSchema, { event });
      }
    } finally {
      release();
    }
  };
}
