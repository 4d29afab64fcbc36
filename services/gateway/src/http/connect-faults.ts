// What connect refuses by itself, before any handler of ours, it refuses in its own words: a broken body even as
// INTERNAL. Here such an answer is given the contract's reason and code, in each of the three protocols.
import { AgentspanError, Limits } from "@agentspan/internal";
import { Code, ConnectError } from "@connectrpc/connect";
import { createAsyncIterable, encodeEnvelope, type UniversalServerResponse } from "@connectrpc/connect/protocol";
import {
  codeToHttpStatus,
  endStreamFlag,
  endStreamFromJson,
  endStreamToJson,
  errorFromJsonBytes,
  errorToJsonBytes,
} from "@connectrpc/connect/protocol-connect";
import { findTrailerError, setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { trailerFlag, trailerParse, trailerSerialize } from "@connectrpc/connect/protocol-grpc-web";
import { unreadable } from "../refusal.js";
import { toConnectError } from "./connect-error.js";

const ENVELOPE_HEADER_BYTES = 5;
/** How connect begins to tell of a request that is not as the protocol has it. */
const BROKEN = "protocol error: ";

/** The answer to a request that reached no handler. */
export async function explained(response: UniversalServerResponse): Promise<UniversalServerResponse> {
  const type = response.header?.get("content-type") ?? "";
  if (type.startsWith("application/grpc-web")) return explainedWeb(response);
  if (type.startsWith("application/grpc")) return explainedGrpc(response);
  if (type.startsWith("application/connect+")) return explainedStream(response);
  return response.status === 200 || response.body === undefined ? response : explainedUnary(response);
}

async function explainedUnary(response: UniversalServerResponse): Promise<UniversalServerResponse> {
  const bytes = await allOf(response.body);
  const error = ours(errorFromJsonBytes(bytes, undefined, new ConnectError("", Code.Unknown)));
  const body = errorToJsonBytes(error, undefined);
  const header = new Headers(response.header);
  header.set("content-length", String(body.length));
  return { ...response, status: codeToHttpStatus(error.code), header, body: createAsyncIterable([body]) };
}

async function explainedStream(response: UniversalServerResponse): Promise<UniversalServerResponse> {
  const { error, metadata } = endStreamFromJson((await allOf(response.body)).subarray(ENVELOPE_HEADER_BYTES));
  const json = JSON.stringify(endStreamToJson(metadata, error && ours(error), undefined));
  return { ...response, body: createAsyncIterable([encodeEnvelope(endStreamFlag, new TextEncoder().encode(json))]) };
}

async function explainedWeb(response: UniversalServerResponse): Promise<UniversalServerResponse> {
  const trailer = trailerParse((await allOf(response.body)).subarray(ENVELOPE_HEADER_BYTES));
  explainTrailer(trailer);
  return { ...response, body: createAsyncIterable([encodeEnvelope(trailerFlag, trailerSerialize(trailer))]) };
}

async function explainedGrpc(response: UniversalServerResponse): Promise<UniversalServerResponse> {
  // Connect fills in the trailer when the body, which is empty, has been read.
  await allOf(response.body);
  if (response.trailer !== undefined) explainTrailer(response.trailer);
  return { ...response, body: createAsyncIterable([]) };
}

function explainTrailer(trailer: Headers): void {
  const error = findTrailerError(trailer);
  if (error !== undefined)
    setTrailerStatus(trailer, ours(new ConnectError(error.rawMessage, error.code, undefined, undefined, error), error));
}

function ours(error: ConnectError, source = error): ConnectError {
  // Errors of ours, thrown while the body was read, have their details.
  if (source.details.length > 0) {
    error.details = source.details;
    return error;
  }
  switch (error.code) {
    case Code.ResourceExhausted:
      return toConnectError(
        new AgentspanError(
          "LIMIT_EXCEEDED",
          `The request is larger than the limit requestBytes, ${Limits.requestBytes} bytes.`,
          {
            metadata: { limit: "requestBytes", max: String(Limits.requestBytes) },
          },
        ),
      );
    // Nothing of ours has run yet: what connect calls internal here is a body that it could not read.
    case Code.InvalidArgument:
    case Code.Internal:
    case Code.Unknown:
      return toConnectError(unreadable(error.rawMessage));
    // No message, or two, where one is due: gRPC's libraries call that unimplemented, and the caller can correct it.
    case Code.Unimplemented:
      return toConnectError(
        error.rawMessage.startsWith(BROKEN)
          ? unreadable(error.rawMessage.slice(BROKEN.length))
          : new AgentspanError("UNIMPLEMENTED", error.rawMessage),
      );
    default:
      return error;
  }
}

async function allOf(body: AsyncIterable<Uint8Array> | undefined): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body ?? []) chunks.push(chunk);
  return Buffer.concat(chunks);
}
