// What lets a worker in where that is asked: a user of the NATS server with the rights of its own tools, and the permit that
// it registers them with.
import { type WorkerPermit, WorkerPermitSchema } from "@agentspan/proto";
import { create, fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { nkeys } from "nats";
import { type NatsPermissions, workerPermissions } from "../worker-rights.js";
import { type Permit, signedPermit } from "./permit.js";
import type { SigningKey } from "./signing-key.js";
import type { PermitStatement } from "./statements.js";

/** As the NATS server's configuration has it, among the users. */
export interface NatsUser {
  /** The public key. */
  readonly nkey: string;
  readonly permissions: NatsPermissions;
}

export interface NewWorkerCredentials {
  readonly permit: Permit;
  /** Of the NATS user; for the worker's eyes alone. */
  readonly nkeySeed: string;
  readonly natsUser: NatsUser;
}

export function newWorkerCredentials(statement: PermitStatement, key: SigningKey): NewWorkerCredentials {
  const user = nkeys.createUser();
  return {
    permit: signedPermit(statement, key),
    nkeySeed: new TextDecoder().decode(user.getSeed()),
    natsUser: { nkey: user.getPublicKey(), permissions: permissionsOf(statement) },
  };
}

function permissionsOf({ workers, tools }: Pick<PermitStatement, "workers" | "tools">): NatsPermissions {
  const served = tools.map(({ namespace, queue, name }) => ({ namespace, queue, tool: name }));
  const rights = workers.map((id) => workerPermissions(id, served));
  const all = (kind: keyof NatsPermissions) => [...new Set(rights.flatMap((one) => one[kind]))];
  return { publish: all("publish"), subscribe: all("subscribe") };
}

/** The text of the file that a worker is given. */
export function credentialsText({ permit, nkeySeed }: NewWorkerCredentials): string {
  const { workers, tools, at, until, keyId, signature } = permit;
  const message = create(WorkerPermitSchema, {
    workers: [...workers],
    tools: tools.map((tool) => ({ ...tool })),
    at: timestampFromMs(at),
    until: timestampFromMs(until),
    keyId,
    signature,
  });
  return `${JSON.stringify({ nkeySeed, permit: toJson(WorkerPermitSchema, message) }, undefined, 2)}\n`;
}

export interface WorkerCredentials {
  readonly permit: WorkerPermit;
  /** Of the NATS user; absent where the worker's login is another. */
  readonly nkeySeed?: string;
}

/** Reads that text; undefined where it is no such text. */
export function readCredentials(text: string): WorkerCredentials | undefined {
  try {
    const { nkeySeed, permit } = JSON.parse(text) as { readonly nkeySeed?: unknown; readonly permit: JsonValue };
    const read = fromJson(WorkerPermitSchema, permit, { ignoreUnknownFields: true });
    if (read.workers.length === 0) return undefined;
    return { permit: read, ...(typeof nkeySeed === "string" ? { nkeySeed } : {}) };
  } catch {
    return undefined; // That it is none is the answer; the parser's words would quote it.
  }
}

/** The user that these credentials are for; undefined where they hold no seed of one, or what is none. */
export function natsUserOf({ permit, nkeySeed }: WorkerCredentials): NatsUser | undefined {
  if (nkeySeed === undefined) return undefined;
  try {
    const nkey = nkeys.fromSeed(new TextEncoder().encode(nkeySeed)).getPublicKey();
    return { nkey, permissions: permissionsOf(permit) };
  } catch {
    return undefined; // That it is no seed is the answer; the reader's words might quote it.
  }
}
