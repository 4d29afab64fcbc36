// What a newer client says and this server does not know. Protobuf passes over such fields; here one may be what says that
// a person must approve, or that only what was shown may run. JSON refuses them too.
import type { Message } from "@bufbuild/protobuf";
import { unreadable } from "../refusal.js";

interface Unknown {
  /** Of the message that has it; empty for the request itself. */
  readonly path: string;
  readonly no: number;
}

/** Throws INVALID_REQUEST where the request, or a message in it, has a field that this server does not know. */
export function refuseUnknownFields(request: Message): void {
  const unknown = find(request, "");
  if (unknown === undefined) return;
  const { path, no } = unknown;
  throw unreadable(
    `${path === "" ? "it" : path} has a field ${no}, which this server does not know. Use a newer server, or leave the field out`,
  );
}

function find(value: unknown, path: string): Unknown | undefined {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return undefined;
  if (isMessage(value)) {
    const [first] = value.$unknown ?? [];
    if (first !== undefined) return { path, no: first.no };
  }
  if (isOneOf(value)) return find(value.value, beside(path, value.case));
  for (const [name, each] of Object.entries(value)) {
    if (typeof each !== "object" || name === "$unknown") continue;
    const unknown = find(each, Array.isArray(value) ? `${path}[${name}]` : within(path, name));
    if (unknown !== undefined) return unknown;
  }
  return undefined;
}

function isMessage(value: object): value is Message {
  return "$typeName" in value;
}

/** How protobuf-es holds a oneof that is set. */
function isOneOf(value: object): value is { readonly case: string; readonly value: unknown } {
  return "case" in value && typeof value.case === "string" && "value" in value && !isMessage(value);
}

function within(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

/** The oneof's own name is no part of a path in JSON. */
function beside(path: string, name: string): string {
  return within(path.split(".").slice(0, -1).join("."), name);
}
