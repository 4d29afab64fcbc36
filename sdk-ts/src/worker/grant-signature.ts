// Whether an orchestrator that is trusted here has signed a grant, for this claim and no other. Whoever can publish on
// NATS, or change what is stored, cannot make that signature.
import { readFileSync } from "node:fs";
import {
  AgentspanError,
  digestOf,
  GRANT_VALID_MS,
  grantText,
  TRUSTED_KEYS_VARIABLE,
  TrustedKeys,
} from "@agentspan/internal";
import type { Grant, Proof } from "@agentspan/proto";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { TaskInHand } from "./task-in-hand.js";

export interface SignatureCheck {
  readonly trusted: TrustedKeys;
  readonly workerId: string;
  /** Of this machine, milliseconds since the epoch. */
  readonly wallMs: number;
}

/** Why the signature of a grant does not hold, in words; undefined where it does. */
export function unsignedBecause(
  grant: Grant,
  proof: Proof,
  task: TaskInHand,
  { trusted, workerId, wallMs }: SignatureCheck,
): string | undefined {
  const { grantedAt, expiresAt, keyId, signature } = proof;
  if (grantedAt === undefined || expiresAt === undefined) return "the grant is not signed";
  const [from, to] = [timestampMs(grantedAt), timestampMs(expiresAt)];
  const text = grantText({
    run: task.runId,
    call: task.callId,
    attempt: task.attempt,
    nonceDigest: digestOf(task.nonce),
    worker: workerId,
    // As it is served here: the name in the grant is not what is run.
    tool: task.toolName,
    digest: grant.argumentsDigest,
    guarded: grant.guarded,
    idempotencyKey: grant.idempotencyKey,
    approval: proof.approvalId,
    decision: proof.decisionId,
    grantedAt: from,
    expiresAt: to,
    ...(proof.checkedPreview === "" ? {} : { preview: proof.checkedPreview }),
  });
  const problem = trusted.problem("orchestrators", { text, keyId, signature, at: from });
  if (problem !== undefined) return `the grant is not believed, because ${problem}`;
  if (to - from > GRANT_VALID_MS) return `the grant holds for more than ${GRANT_VALID_MS} ms`;
  if (wallMs > to) return `the grant has expired: ${wallMs - to} ms ago by this machine's clock`;
  if (from > wallMs + GRANT_VALID_MS) return `the grant is for ${from - wallMs} ms from now by this machine's clock`;
  return undefined;
}

/** The keys of a file. Throws INVALID_REQUEST where it cannot be read or used. */
export function readTrustedKeys(path: string): TrustedKeys {
  const where = `The file of trusted keys ${JSON.stringify(path)} (trustedKeysFile, or ${TRUSTED_KEYS_VARIABLE})`;
  const read = TrustedKeys.read(textOf(path, where));
  if (read instanceof TrustedKeys) return read;
  throw unusable(`${where} cannot be used: ${read.faults.join("; ")}.`);
}

function textOf(path: string, where: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw unusable(`${where} cannot be read: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

function unusable(message: string): AgentspanError {
  const fields = [{ field: "trustedKeysFile", description: "must be a file of trusted keys" }];
  return new AgentspanError("INVALID_REQUEST", message, { fields });
}
