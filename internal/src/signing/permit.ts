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
  readonly tools: readonly PermittedTool[];
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
    workers,
    tools: tools.map(({ namespace, queue, name }) => ({ namespace, queue, name })),
    at: at === undefined ? 0 : timestampMs(at),
    until: until === undefined ? 0 : timestampMs(until),
    keyId,
    signature,
  };
}

/** Why a worker may not serve these tools, in words that follow "because"; undefined where it may. */
export function permitProblem(
  permit: Permit | undefined,
  { workerId, tools, trusted, now }: PermitUse,
): string | undefined {
  if (!trusted.any("permits")) return undefined;
  if (permit === undefined) return "it shows no permit, and this installation asks workers for one";
  const { keyId, signature, ...statement } = permit;
  const problem = trusted.problem("permits", { text: permitText(statement), keyId, signature, at: statement.at });
  if (problem !== undefined) return `its permit is not believed: ${problem}`;
  if (statement.until <= now) return `its permit ended at ${new Date(statement.until).toISOString()}`;
  if (!statement.workers.includes(workerId)) return `its permit is for ${statement.workers.join(", ")}`;
  const missing = tools.find((tool) => !statement.tools.some((permitted) => isSame(permitted, tool)));
  return missing && `its permit does not name ${shown(missing)}`;
}

function isSame(one: PermittedTool, other: PermittedTool): boolean {
  return one.namespace === other.namespace && one.queue === other.queue && one.name === other.name;
}

function shown({ namespace, queue, name }: PermittedTool): string {
  return `tool ${name} of queue ${queue} in namespace ${namespace}`;
}
