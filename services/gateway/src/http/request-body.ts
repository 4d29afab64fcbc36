// The bytes of a request, with limits: how many, and how long they may take to come.
import { constants } from "node:http2";
import { AgentspanError, Limits } from "@agentspan/internal";
import { ConnectError } from "@connectrpc/connect";
import { limitExceeded } from "../validation/faults.js";
import { toConnectError } from "./connect-error.js";
import type { HttpRequest } from "./exchange.js";

const ENVELOPE_HEADER_BYTES = 5;

/**
 * Gives the body on to connect, once it is known that its sender may be heard: else it ends in that refusal, unread. A message over the limit is refused with our own error as soon as its size is known:
 * from the envelope's header in gRPC, gRPC-Web and Connect's streams, from content-length or by counting otherwise.
 * A body that takes longer than `withinMs`, where there is such a time, is cut off: it holds memory for nothing.
 */
export async function* requestBody(
  request: HttpRequest,
  enveloped: boolean,
  withinMs: number | undefined,
  admitted: Promise<unknown>,
): AsyncGenerator<Uint8Array> {
  const timer = withinMs === undefined ? undefined : setTimeout(() => abandon(request), withinMs);
  let head = Buffer.alloc(0);
  let total = 0;
  try {
    await admitted;
    if (!enveloped) refuseOver(Number(request.headers["content-length"] ?? 0));
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
    // Whatever else fails here is not the caller's fault, or there is no caller any more.
    throw error instanceof ConnectError ? error : toConnectError(AgentspanError.from(error));
  }
}

/**
 * The body of a request that is no call. Rejects where it is longer than `mostBytes`, which is at most requestBytes, or
 * not whole in time; what still comes of it is thrown away, and cut off when the time is over.
 */
export async function wholeBody(
  request: HttpRequest,
  { withinMs, mostBytes = Limits.requestBytes }: { readonly withinMs: number; readonly mostBytes?: number },
): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of requestBody(request, false, withinMs, Promise.resolve())) {
    bytes += piece.length;
    if (bytes <= mostBytes) pieces.push(piece);
  }
  if (bytes <= mostBytes) return Buffer.concat(pieces);
  throw new AgentspanError("LIMIT_EXCEEDED", `The body has ${bytes} bytes, and the limit is ${mostBytes}.`);
}

function abandon(request: HttpRequest): void {
  // Connect stopped reading, and the rest has come and gone.
  if (request.complete) return;
  if ("stream" in request) request.stream.close(constants.NGHTTP2_CANCEL);
  else request.destroy();
}

function refuseOver(size: number, atLeast = false): void {
  if (size <= Limits.requestBytes) return;
  throw toConnectError(limitExceeded({ field: "the request", limit: "requestBytes", size, atLeast }));
}
