// The requests of workers and their answers as bytes, in both forms, and with what a newer server says beside.
import { parseWorkerSubject } from "@agentspan/internal";
import {
  type ClaimRequest,
  ClaimRequestSchema,
  type ClaimResponse,
  ClaimResponseSchema,
  type CompleteRequest,
  CompleteRequestSchema,
  type CompleteResponse,
  CompleteResponseSchema,
  type HeartbeatRequest,
  HeartbeatRequestSchema,
  type HeartbeatResponse,
  HeartbeatResponseSchema,
  type RegisterRequest,
  RegisterRequestSchema,
  type RegisterResponse,
  RegisterResponseSchema,
  type ReleaseRequest,
  ReleaseRequestSchema,
  type ReleaseResponse,
  ReleaseResponseSchema,
  type WorkerError,
} from "@agentspan/proto";
import {
  create,
  type DescMessage,
  fromBinary,
  fromJsonString,
  type JsonObject,
  type MessageShape,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { headers, type Msg } from "nats";

interface Came {
  readonly subject: string;
  /** Where the answer is wanted. */
  readonly reply: string;
  readonly json: boolean;
}

/** A request as it came. */
export type Seen = Came &
  (
    | { readonly verb: "register"; readonly request: RegisterRequest }
    | { readonly verb: "claim"; readonly request: ClaimRequest }
    | { readonly verb: "heartbeat"; readonly request: HeartbeatRequest }
    | { readonly verb: "complete"; readonly request: CompleteRequest }
    | { readonly verb: "release"; readonly request: ReleaseRequest }
  );

export type Answer = RegisterResponse | ClaimResponse | HeartbeatResponse | CompleteResponse | ReleaseResponse;

const JSON_CONTENT_TYPE = "application/json";

const ANSWERS = {
  register: RegisterResponseSchema,
  claim: ClaimResponseSchema,
  heartbeat: HeartbeatResponseSchema,
  complete: CompleteResponseSchema,
  release: ReleaseResponseSchema,
} as const;

/** Throws where it is no request of the protocol. */
export function readRequest({ subject, reply = "", headers: told, data }: Msg): Seen {
  const json = told?.get("content-type") === JSON_CONTENT_TYPE;
  const came = { subject, reply, json };
  const read = <S extends DescMessage>(schema: S): MessageShape<S> =>
    json ? fromJsonString(schema, new TextDecoder().decode(data)) : fromBinary(schema, data);
  const verb = parseWorkerSubject(subject)?.verb;
  switch (verb) {
    case "register":
      return { ...came, verb, request: read(RegisterRequestSchema) };
    case "claim":
      return { ...came, verb, request: read(ClaimRequestSchema) };
    case "heartbeat":
      return { ...came, verb, request: read(HeartbeatRequestSchema) };
    case "complete":
      return { ...came, verb, request: read(CompleteRequestSchema) };
    case "release":
      return { ...came, verb, request: read(ReleaseRequestSchema) };
    case undefined:
      throw new Error(`${subject} is no subject of a worker's request.`);
    default:
      return verb satisfies never;
  }
}

/** Answers in the form of the request. */
export function respond(message: Msg, { verb, json }: Seen, answer: Answer): void {
  const schema = ANSWERS[verb] as DescMessage;
  if (!json) {
    message.respond(toBinary(schema, answer));
    return;
  }
  const told = toJson(schema, answer) as JsonObject;
  if (answer.$unknown !== undefined) told.fieldOfTomorrow = { of: ["tomorrow"] };
  const form = headers();
  form.set("content-type", JSON_CONTENT_TYPE);
  message.respond(new TextEncoder().encode(JSON.stringify(told)), { headers: form });
}

/** The answer to a request that was not carried out. */
export function refusalOf({ verb }: Seen, error: WorkerError): Answer {
  return create(ANSWERS[verb] as DescMessage, { error }) as Answer;
}

/** Gives an answer a field that no worker of today knows. */
export function addUnknownField(answer: { $unknown?: unknown }): void {
  // Length-delimited, as a text or a message would be: its length, then as many bytes.
  answer.$unknown = [{ no: 5_000, wireType: 2, data: new Uint8Array([3, 0x61, 0x62, 0x63]) }];
}
