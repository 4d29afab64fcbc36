// The bytes of a request, with limits: how many, how long they may take to come, and how many are held altogether.
import { constants } from "node:http2";
import { AgentspanError, Limits } from "@agentspan/internal";
import { ConnectError } from "@connectrpc/connect";
import { plainAddress } from "../address.js";
import { unreadable } from "../refusal.js";
import { limitExceeded } from "../validation/faults.js";
import { toConnectError } from "./connect-error.js";
import { Envelopes } from "./envelopes.js";
import type { HttpRequest } from "./exchange.js";
import type { UnfinishedBodies } from "./unfinished-bodies.js";

/** Milliseconds in which the answer to a request that did not come whole may be read, before it is cut off. */
const LINGER_MS = 1_000;

export interface BodyOptions {
  readonly unfinished: UnfinishedBodies;
  /** Milliseconds for the whole; absent in a conversation, which takes as long as it takes. */
  readonly withinMs: number | undefined;
  /** Whether the messages are in envelopes, as in gRPC, gRPC-Web and Connect's streams. */
  readonly enveloped?: boolean;
  /** Resolves once it is known that its sender may be heard. */
  readonly admitted?: Promise<unknown>;
}

/**
 * Gives the body on to connect, once it is known that its sender may be heard: else it ends in that refusal, unread. A
 * message over the limit is refused with our own error as soon as its size is known: from its envelope's header, or
 * from content-length or by counting. So is a body that takes too long, or that must make room for others.
 */
export function requestBody(request: HttpRequest, options: BodyOptions): AsyncGenerator<Uint8Array> {
  // Asked now: a connection that has gone has no address.
  return read(request, options, plainAddress(request.socket.remoteAddress));
}

async function* read(request: HttpRequest, options: BodyOptions, address: string): AsyncGenerator<Uint8Array> {
  const { unfinished, withinMs, admitted } = options;
  const envelopes = options.enveloped === true ? new Envelopes(refuseOver) : undefined;
  // Leaving early must not destroy the request: the refusal goes out on the same connection.
  const pieces = new Pieces(request.iterator({ destroyOnReturn: false }));
  const held = unfinished.begin(address, (why) => pieces.stop(why));
  const timer = withinMs === undefined ? undefined : setTimeout(() => pieces.stop(tooSlow(withinMs)), withinMs);
  let total = 0;
  let whole = false;
  try {
    await admitted;
    if (envelopes === undefined) refuseOver(Number(request.headers["content-length"] ?? 0));
    for (let bytes = await pieces.next(); bytes !== undefined; bytes = await pieces.next()) {
      held.hold(bytes.length);
      total += bytes.length;
      if (envelopes === undefined) refuseOver(total, true);
      const ended = envelopes?.read(bytes) === true;
      yield bytes;
      // Whoever asks for more in a conversation has taken what was whole.
      if (withinMs === undefined && envelopes !== undefined && ended) held.keep(envelopes.pending);
    }
    whole = true;
  } catch (error) {
    // Whatever else fails here is not the caller's fault, or there is no caller any more.
    throw error instanceof ConnectError ? error : toConnectError(AgentspanError.from(error));
  } finally {
    clearTimeout(timer);
    held.end();
    if (!whole) drain(request, pieces, pieces.stopped ? LINGER_MS : (withinMs ?? LINGER_MS));
  }
}

/** What is still coming is read and thrown away, and cut off after so many milliseconds. */
function drain(request: HttpRequest, pieces: Pieces, ms: number): void {
  if (request.readableEnded || request.destroyed) return;
  const timer = setTimeout(() => abandon(request), ms);
  for (const over of ["end", "close"]) request.once(over, () => clearTimeout(timer));
  void pieces.leave().then(() => request.resume());
}

/**
 * The body of a request that is no call. Rejects where it is longer than `mostBytes`, which is at most requestBytes, or
 * not whole in time; what still comes of it is thrown away, and cut off when the time is over.
 */
export async function wholeBody(
  request: HttpRequest,
  options: BodyOptions & { readonly mostBytes?: number },
): Promise<Buffer> {
  const { mostBytes = Limits.requestBytes } = options;
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of requestBody(request, options)) {
    bytes += piece.length;
    if (bytes <= mostBytes) pieces.push(piece);
  }
  if (bytes <= mostBytes) return Buffer.concat(pieces);
  throw new AgentspanError("LIMIT_EXCEEDED", `The body has ${bytes} bytes, and the limit is ${mostBytes}.`);
}

/** An iterator whose reader can be told to stop, also while it waits. */
class Pieces {
  readonly #from: AsyncIterator<Buffer>;
  #why: AgentspanError | undefined;
  #reject: ((why: AgentspanError) => void) | undefined;

  constructor(from: AsyncIterator<Buffer>) {
    this.#from = from;
  }

  get stopped(): boolean {
    return this.#why !== undefined;
  }

  stop(why: AgentspanError): void {
    this.#why ??= why;
    this.#reject?.(this.#why);
  }

  next(): Promise<Buffer | undefined> {
    return new Promise((resolve, reject) => {
      if (this.#why !== undefined) return reject(this.#why);
      this.#reject = reject;
      this.#from.next().then(({ done, value }) => resolve(done === true ? undefined : value), reject);
    });
  }

  /** Resolves when nobody reads any more, which is after the piece that was waited for. */
  async leave(): Promise<void> {
    await this.#from.return?.().catch(() => undefined);
  }
}

function abandon(request: HttpRequest): void {
  // Connect stopped reading, and the rest has come and gone.
  if (request.complete) return;
  if ("stream" in request) request.stream.close(constants.NGHTTP2_CANCEL);
  else request.destroy();
}

export function tooSlow(withinMs: number): AgentspanError {
  return unreadable(`it has not come whole within ${withinMs / 1_000} s`);
}

function refuseOver(size: number, atLeast = false): void {
  if (size <= Limits.requestBytes) return;
  throw toConnectError(limitExceeded({ field: "the request", limit: "requestBytes", size, atLeast }));
}
