// An AgentspanError on the wire: google.rpc's error details, packed and read. Gateway and SDKs must agree on it.
import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { AgentspanError, Codes, ERROR_DOMAIN, REASONS, type Reason } from "./errors.js";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "./vendor-gen/google/rpc/error_details_pb.js";
import { StatusSchema } from "./vendor-gen/google/rpc/status_pb.js";

/** What a caller is told to wait before it repeats an UNAVAILABLE request, where the server does not know better. */
export const DEFAULT_RETRY_AFTER_MS = 1_000;

/** No more field violations than this are reported at once. */
export const MAX_FIELD_VIOLATIONS = 20;

// The details travel base64-coded in one HTTP/2 trailer, and gRPC's C core refuses metadata over 8 KiB.
const MAX_VALUE_CHARS = 1_000;
const MAX_FIELD_CHARS = 160;

/** A message of google.rpc with its descriptor: the form that a ConnectError takes. */
export interface ErrorDetail {
  readonly desc: DescMessage;
  readonly value: MessageInitShape<DescMessage>;
}

/** A message as it came: its type, with or without "type.googleapis.com/" before it, and its bytes. */
export interface PackedDetail {
  readonly type: string;
  readonly value: Uint8Array;
}

/** ErrorInfo always; BadRequest where fields are at fault; RetryInfo where waiting helps. Long texts are cut. */
export function toErrorDetails(error: AgentspanError): readonly ErrorDetail[] {
  const details: ErrorDetail[] = [];
  const metadata = Object.fromEntries(
    Object.entries(error.metadata).map(([key, value]) => [key, shortened(value, MAX_VALUE_CHARS)]),
  );
  details.push(detail(ErrorInfoSchema, { reason: error.reason, domain: ERROR_DOMAIN, metadata }));
  if (error.fields.length > 0) {
    const fieldViolations = error.fields.slice(0, MAX_FIELD_VIOLATIONS).map(({ field, description }) => ({
      field: shortened(field, MAX_FIELD_CHARS),
      description: shortened(description, MAX_FIELD_CHARS),
    }));
    details.push(detail(BadRequestSchema, { fieldViolations }));
  }
  const waitMs = error.retryAfterMs ?? (error.code === "UNAVAILABLE" ? DEFAULT_RETRY_AFTER_MS : undefined);
  if (waitMs !== undefined) {
    const seconds = Math.floor(waitMs / 1_000);
    const nanos = Math.round((waitMs - seconds * 1_000) * 1_000_000);
    details.push(detail(RetryInfoSchema, { retryDelay: { seconds: BigInt(seconds), nanos } }));
  }
  return details;
}

/** The bytes of google.rpc.Status: what gRPC carries as `grpc-status-details-bin`. */
export function toStatusBytes(error: AgentspanError): Uint8Array {
  const details = toErrorDetails(error).map(({ desc, value }) => anyPack(desc, create(desc, value)));
  return toBinary(StatusSchema, create(StatusSchema, { code: Codes[error.code], message: error.message, details }));
}

/** The error whose details these are; undefined where they are not ours, or of a reason that this version lacks. */
export function fromErrorDetails(message: string, details: readonly PackedDetail[]): AgentspanError | undefined {
  const infoBytes = bytesOf(details, ErrorInfoSchema);
  if (infoBytes === undefined) return undefined;
  const info = fromBinary(ErrorInfoSchema, infoBytes);
  if (info.domain !== ERROR_DOMAIN || !isReason(info.reason)) return undefined;
  const badRequest = bytesOf(details, BadRequestSchema);
  const retryInfo = bytesOf(details, RetryInfoSchema);
  const delay = retryInfo && fromBinary(RetryInfoSchema, retryInfo).retryDelay;
  return new AgentspanError(info.reason, message, {
    metadata: info.metadata,
    fields: badRequest
      ? fromBinary(BadRequestSchema, badRequest).fieldViolations.map(({ field, description }) => ({
          field,
          description,
        }))
      : [],
    ...(delay ? { retryAfterMs: Number(delay.seconds) * 1_000 + delay.nanos / 1_000_000 } : {}),
  });
}

/** The same, of the bytes of a google.rpc.Status. Throws where they are none. */
export function fromStatusBytes(bytes: Uint8Array): AgentspanError | undefined {
  const status = fromBinary(StatusSchema, bytes);
  return fromErrorDetails(
    status.message,
    status.details.map(({ typeUrl, value }) => ({ type: typeUrl, value })),
  );
}

function detail<Desc extends DescMessage>(desc: Desc, value: MessageInitShape<Desc>): ErrorDetail {
  return { desc, value };
}

function bytesOf(details: readonly PackedDetail[], desc: DescMessage): Uint8Array | undefined {
  return details.find(({ type }) => type.slice(type.lastIndexOf("/") + 1) === desc.typeName)?.value;
}

function isReason(text: string): text is Reason {
  return (REASONS as readonly string[]).includes(text);
}

function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  // A cut may not leave half of a surrogate pair: protobuf refuses it.
  return `${text.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}
