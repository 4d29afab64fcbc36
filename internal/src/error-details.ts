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

// gRPC's C core and its Java take 8 KiB of metadata and no more. A refusal is in there twice: its words as
// "grpc-message", escaped, and with all details as "grpc-status-details-bin", in base64.
const MAX_METADATA_BYTES = 7_500;
const MAX_ESCAPED_WORDS = 2_400;
const MAX_VALUE_CHARS = 1_000;
const MAX_FIELD_CHARS = 160;
/** Of RetryInfo, and of what wraps each detail. */
const WRAPPING_BYTES = 300;

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

/** What a caller is told in words: the error's message, cut where it is too long to travel. */
export function toldMessage({ message }: { readonly message: string }): string {
  // Half of a surrogate pair cannot be escaped.
  let told = message.replace(/\p{Surrogate}/gu, "\uFFFD");
  for (let most = MAX_ESCAPED_WORDS; escapedLength(told) > MAX_ESCAPED_WORDS; most = Math.floor(most * 0.8)) {
    told = shortened(told, most);
  }
  return told;
}

/** ErrorInfo always; BadRequest where fields are at fault; RetryInfo where waiting helps. What is too long is cut. */
export function toErrorDetails(error: AgentspanError): readonly ErrorDetail[] {
  const words = toldMessage(error);
  const room = (MAX_METADATA_BYTES - escapedLength(words)) * 0.75 - Buffer.byteLength(words) - WRAPPING_BYTES;
  const info = infoOf(error, room / 2);
  const details = [info];
  const badRequest = badRequestOf(error, room - bytesOf(info));
  if (badRequest !== undefined) details.push(badRequest);
  const waitMs = error.retryAfterMs ?? (error.code === "UNAVAILABLE" ? DEFAULT_RETRY_AFTER_MS : undefined);
  if (waitMs !== undefined) {
    const seconds = Math.floor(waitMs / 1_000);
    const nanos = Math.round((waitMs - seconds * 1_000) * 1_000_000);
    details.push(detail(RetryInfoSchema, { retryDelay: { seconds: BigInt(seconds), nanos } }));
  }
  return details;
}

/** The values of its metadata are cut to the length at which all of it takes at most so many bytes. */
function infoOf({ reason, metadata }: AgentspanError, room: number): ErrorDetail {
  for (let most = MAX_VALUE_CHARS; ; most = Math.floor(most / 2)) {
    const values = Object.entries(metadata).map(([key, value]) => [key, shortened(value, most)] as const);
    const info = detail(ErrorInfoSchema, { reason, domain: ERROR_DOMAIN, metadata: Object.fromEntries(values) });
    if (most <= 1 || bytesOf(info) <= room) return info;
  }
}

/** As many of the fields as there is room for, the first of them. */
function badRequestOf({ fields }: AgentspanError, room: number): ErrorDetail | undefined {
  if (fields.length === 0) return undefined;
  const all = fields.slice(0, MAX_FIELD_VIOLATIONS).map(({ field, description }) => ({
    field: shortened(field, MAX_FIELD_CHARS),
    description: shortened(description, MAX_FIELD_CHARS),
  }));
  for (let count = all.length; ; count -= 1) {
    const badRequest = detail(BadRequestSchema, { fieldViolations: all.slice(0, count) });
    if (count <= 1 || bytesOf(badRequest) <= room) return badRequest;
  }
}

/** The bytes of google.rpc.Status: what gRPC carries as `grpc-status-details-bin`. */
export function toStatusBytes(error: AgentspanError): Uint8Array {
  const details = toErrorDetails(error).map(({ desc, value }) => anyPack(desc, create(desc, value)));
  const message = toldMessage(error);
  return toBinary(StatusSchema, create(StatusSchema, { code: Codes[error.code], message, details }));
}

/** The error whose details these are; undefined where they are not ours, or of a reason that this version lacks. */
export function fromErrorDetails(message: string, details: readonly PackedDetail[]): AgentspanError | undefined {
  const infoBytes = packedOf(details, ErrorInfoSchema);
  if (infoBytes === undefined) return undefined;
  const info = fromBinary(ErrorInfoSchema, infoBytes);
  if (info.domain !== ERROR_DOMAIN || !isReason(info.reason)) return undefined;
  const badRequest = packedOf(details, BadRequestSchema);
  const retryInfo = packedOf(details, RetryInfoSchema);
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

function bytesOf({ desc, value }: ErrorDetail): number {
  return toBinary(desc, create(desc, value)).length;
}

/** As both of our servers escape at most. */
function escapedLength(text: string): number {
  return encodeURI(text).length;
}

function packedOf(details: readonly PackedDetail[], desc: DescMessage): Uint8Array | undefined {
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
