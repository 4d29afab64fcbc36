// A message of NATS as the responder takes it.
import { headers, Match, type Msg } from "nats";
import type { IncomingRequest } from "../bus/responder.js";

/** Throws where the headers are none: anybody may send such. */
export function incomingOf(message: Msg): IncomingRequest {
  return {
    subject: message.subject,
    reply: message.reply ?? "",
    contentType: message.headers?.get("content-type", Match.IgnoreCase) ?? "",
    traceparent: message.headers?.get("traceparent", Match.IgnoreCase) || undefined,
    data: message.data,
    respond(data, contentType) {
      if (contentType === undefined) {
        message.respond(data);
        return;
      }
      const typed = headers();
      typed.set("content-type", contentType);
      message.respond(data, { headers: typed });
    },
  };
}
