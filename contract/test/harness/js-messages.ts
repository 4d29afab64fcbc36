// Messages and methods for the stacks that run in this process.
import { rpcStatus } from "@agentspan/internal";
import {
  create,
  type DescMessage,
  type DescMethod,
  fromBinary,
  fromJson,
  type JsonObject,
  type Message,
  toJson,
} from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import type { Call } from "./call.js";
import { TYPES } from "./image.js";

export function typeOf(name: string): DescMessage {
  const type = TYPES.getMessage(name);
  if (type === undefined) throw new Error(`The contract has no message ${name}.`);
  return type;
}

export function requestsOf({ input, requests }: Call): readonly Message[] {
  const type = typeOf(input);
  return requests.map((json) => fromJson(type, json, { registry: TYPES }));
}

export function jsonOf(type: DescMessage, message: Message): JsonObject {
  return toJson(type, message, { registry: TYPES }) as JsonObject;
}

/** A method of the call's name and messages, whether the contract has one or not. */
export function methodOf<Method extends DescMethod>({ path, kind, input, output }: Call): Method {
  const [, service = "", name = ""] = path.split("/");
  const method = { kind: "rpc", name, localName: name, methodKind: kind, input: typeOf(input), output: typeOf(output) };
  // What transports read of a method.
  return { ...method, parent: { typeName: service } } as unknown as Method;
}

/** An error's detail as protobuf's JSON form has it. */
export function detailOf(type: string, value: Uint8Array): JsonObject {
  const typeUrl = type.includes("/") ? type : `type.googleapis.com/${type}`;
  return jsonOf(AnySchema, create(AnySchema, { typeUrl, value }));
}

/** The details in a google.rpc.Status, and its message. */
export function statusOf(bytes: Uint8Array): { readonly message: string; readonly details: readonly JsonObject[] } {
  const { message, details } = fromBinary(rpcStatus.StatusSchema, bytes);
  return { message, details: details.map(({ typeUrl, value }) => detailOf(typeUrl, value)) };
}
