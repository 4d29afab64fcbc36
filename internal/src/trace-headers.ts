import { headers, type MsgHdrs } from "nats";
import { activeTraceparent } from "./tracing.js";

/** Options of a message of NATS that tell of the active span; none where there is none. */
export function traceHeaders(): { readonly headers?: MsgHdrs } {
  const traceparent = activeTraceparent();
  if (traceparent === undefined) return {};
  const traced = headers();
  traced.set("traceparent", traceparent);
  return { headers: traced };
}
