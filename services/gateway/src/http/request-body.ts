// The bytes of a request, with limits: how many, and how long they may take to come.
import { Limits } from "@agentspan/internal";
import { limitExceeded } from "../validation/faults.js";
import { toConnectError } from "./connect-error.js";
import type { HttpRequest } from "./exchange.js";

const ENVELOPE_HEADER_BYTES = 5;
/** A sender that takes longer holds the connection for nothing. */
const BODY_WITHIN_MS = 60_000;

/**
 * Gives the body on to connect. A message over the limit is refused with our own error as soon as its size is known:
 * from the envelope's header in gRPC, gRPC-Web and Connect's streams, from content-length or by counting otherwise.
 */
export async function* requestBody(request: HttpRequest, enveloped: boolean): AsyncGenerator<Uint8Array> {
  if (!enveloped) refuseOver(Number(request.headers["content-length"] ?? 0));
  const timer = setTimeout(() => request.destroy(), BODY_WITHIN_MS);
  let head = Buffer.alloc(0);
  let total = 0;
  try {
    // Leaving the loop early must not destroy the request: the refusal goes out on the same connection.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      const bytes: Buffer = chunk;
      if (!enveloped) {
        total += bytes.length;
        refuseOver(total, true);
      } else if (head.length < ENVELOPE_HEADER_BYTES) {
        head = Buffer.concat([head, bytes.subarray(0, ENVELOPE_HEADER_BYTES - head.length)]);
        if (head.length === ENVELOPE_HEADER_BYTES) refuseOver(head.readUInt32BE(1));
      }
      yield bytes;
    }
    clearTimeout(timer);
  } catch (error) {
    // What is still coming is read and thrown away, within the time.
    request.once("end", () => clearTimeout(timer));
    request.once("close", () => clearTimeout(timer));
    if (request.readableEnded || request.destroyed) clearTimeout(timer);
    else request.resume();
    throw error;
  }
}

function refuseOver(size: number, atLeast = false): void {
  if (size <= Limits.requestBytes) return;
  throw toConnectError(limitExceeded({ field: "the request", limit: "requestBytes", size, atLeast }));
}
