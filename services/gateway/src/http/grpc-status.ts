import type { ConnectError } from "@connectrpc/connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";

const MESSAGE = "grpc-message";

/** What gRPC must escape: all but printable ASCII, and the percent sign itself. */
const ESCAPED = /[^\x20-\x24\x26-\x7e]+/gu;

/**
 * As setTrailerStatus, with a message that every client reads. Connect escapes commas and other signs too; grpc-js leaves
 * those as they come, and shows "%2C" to people.
 */
export function setGrpcStatus(target: Headers, error: ConnectError): Headers {
  return withPlainMessage(setTrailerStatus(target, error));
}

/** The trailer with its message escaped as gRPC wants it and no further; the same trailer. */
export function withPlainMessage(trailer: Headers): Headers {
  const message = trailer.get(MESSAGE);
  if (message !== null) trailer.set(MESSAGE, decodeURIComponent(message).replace(ESCAPED, encodeURIComponent));
  return trailer;
}
