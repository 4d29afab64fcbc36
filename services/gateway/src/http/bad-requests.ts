// Requests over HTTP/1.1 that Node cannot read, or does not wait for: they reach no listener, and are told here why.
import http, { type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { AgentspanError } from "@agentspan/internal";
import { errorToJsonBytes } from "@connectrpc/connect/protocol-connect";
import { unreadable } from "../refusal.js";
import { toConnectError } from "./connect-error.js";

/** Milliseconds in which the answer may be read, while what still comes is thrown away. */
const LINGER_MS = 1_000;

export class BadRequests {
  readonly #answers = new WeakMap<Duplex, ServerResponse>();

  /** Each answer that is begun, so that none is written into it. */
  follow(response: ServerResponse): void {
    if (response.socket !== null) this.#answers.set(response.socket, response);
  }

  answer(error: NodeJS.ErrnoException, socket: Duplex): void {
    // Whatever comes after a refusal is refused by Node again.
    if (socket.writableEnded) return;
    if (error.code === "ECONNRESET" || !socket.writable || this.#isAnswered(socket)) {
      socket.destroy();
      return;
    }
    socket.end(refusal(error));
    // Closed at once, with bytes unread, the connection would be reset and the answer lost.
    const timer = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once("close", () => clearTimeout(timer));
  }

  /** Whether the request at fault has been answered, if not to the end. */
  #isAnswered(socket: Duplex): boolean {
    const last = this.#answers.get(socket);
    return last?.headersSent === true && !(last.writableFinished && last.req.complete);
  }
}

function refusal(error: NodeJS.ErrnoException): Buffer {
  const [status, why] = readingOf(error);
  const body = Buffer.from(errorToJsonBytes(toConnectError(why), undefined));
  const head = [
    `HTTP/1.1 ${status} ${http.STATUS_CODES[status]}`,
    "content-type: application/json",
    `content-length: ${body.length}`,
    "connection: close",
  ];
  return Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), body]);
}

function readingOf({ code, message }: NodeJS.ErrnoException): readonly [number, AgentspanError] {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return [431, headerTooLarge()];
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return [408, unreadable("it has not come whole in time")];
    default:
      return [400, unreadable(message)];
  }
}

function headerTooLarge(): AgentspanError {
  const max = http.maxHeaderSize;
  return new AgentspanError("LIMIT_EXCEEDED", `The request's first line and headers have more than ${max} bytes.`, {
    metadata: { limit: "headerBytes", max: String(max) },
  });
}
