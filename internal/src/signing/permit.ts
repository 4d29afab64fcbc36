// Which worker may serve which tools, where the installation has a key for permits.
import type { WorkerPermit } from "@agentspan/proto";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { SigningKey } from "./signing-key.js";
import { type PermitStatement, type PermittedTool, permitText } from "./statements.js";
import type { TrustedKeys } from "./trusted-keys.js";

export interface Permit extends PermitStatement {
  readonly keyId: string;
  readonly signature: Uint8Array;
}

export interface PermitUse {
  readonly workerId: string;
  readonly trusted: TrustedKeys;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export function signedPermit(statement: PermitStatement, key: SigningKey): Permit {
  return { ...statement, keyId: key.id, signature: key.sign(permitText(statement)) };
}

/** As a worker shows it. */
export function permitOf({ workers, tools, at, until, keyId, signature }: WorkerPermit): Permit {
  return {
    workers: [...workers],
    tools: tools.map(({ namespace, queue, name }) => ({ namespace, queue, name })),
    at: at === undefined ? 0 : timestampMs(at),
    until: until === undefined ? 0 : timestampMs(until),
    keyId,
    // The message's own bytes would keep the whole of what came with it.
    signature: Uint8Array.from(signature),
  };
}

/** A permit may be made so much later than now, milliseconds: the clock of whoever makes permits may be ahead. */
export const PERMIT_FUTURE_MS = 5 * 60_000;

/** Why a permit is not this worker's, whatever it is for, in words that follow "because"; undefined where it is. */
export function permitFault(permit: Permit, { workerId, trusted, now }: PermitUse): string | undefined {
  const problem = permitDisbelief(permit, trusted);
  if (problem !== undefined) return `its permit is not believed: ${problem}`;
  if (permit.at > now + PERMIT_FUTURE_MS) {
    return `its permit was made at ${isoOf(permit.at)}, which is not yet: the clock there is ahead`;
  }
  return permit.workers.includes(workerId) ? undefined : `its permit is for ${permit.workers.join(", ")}`;
}

/** Why a permit is not as somebody signed it who may, in words that follow "because"; undefined where it is. */
export function permitDisbelief({ keyId, signature, ...statement }: Permit, trusted: TrustedKeys): string | undefined {
  return trusted.problem("permits", { text: permitText(statement), keyId, signature, at: statement.at });
}

/** Why a permit does not let anybody serve these tools now, in words that follow "because"; undefined where it does. */
export function permitLimit(
  permit: Pick<Permit, "tools" | "until">,
  tools: readonly PermittedTool[],
  now: number,
): string | undefined {
  if (permit.until <= now) return `its permit ended at ${isoOf(permit.until)}`;
  const missing = tools.find((tool) => !permit.tools.some((permitted) => isSame(permitted, tool)));
  return missing && `its permit does not name ${shown(missing)}`;
}

function isoOf(at: number): string {
  return new Date(at).toISOString();
}

function isSame(one: PermittedTool, other: PermittedTool): boolean {
  return one.namespace === other.namespace && one.queue === other.queue && one.name === other.name;
}

function shown({ namespace, queue, name }: PermittedTool): string {
  return `tool ${name} of queue ${queue} in namespace ${namespace}`;
}
