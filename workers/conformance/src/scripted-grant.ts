// A grant as an orchestrator makes and signs it, and what a forger would make of it.
import { digestOf, GRANT_VALID_MS, grantText, type SigningKey } from "@agentspan/internal";
import { type ClaimRequest, type Grant, GrantSchema } from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ScriptedTask } from "./scripted-task.js";

/** Whom a grant is for. */
export interface Bound {
  readonly runId: string;
  readonly callId: string;
  readonly attempt: number;
  readonly nonce: string;
  readonly workerId: string;
}

/** What of a grant is not as an honest orchestrator makes it. */
export interface GrantChanges {
  /** Signs in place of the orchestrator's. */
  readonly key?: SigningKey;
  readonly unsigned?: boolean;
  /** By which the orchestrator's clock is ahead. */
  readonly clockMs?: number;
  readonly validMs?: number;
  /** It is made for another claim. */
  readonly bound?: Partial<Bound>;
  /** Whatever is done to it after it was signed. */
  readonly after?: (grant: Grant, claim: ClaimRequest) => void;
}

export function grantOf(task: ScriptedTask, claim: ClaimRequest, orchestratorKey: SigningKey): Grant {
  const { changes = {}, tool, argumentsJson, guarded, key: idempotencyKey, approvalId, decisionId } = task;
  const argumentsDigest = digestOf(argumentsJson);
  const grantedAt = Date.now() + (changes.clockMs ?? 0);
  const grant = create(GrantSchema, {
    toolName: tool,
    argumentsJson,
    argumentsDigest,
    idempotencyKey,
    guarded,
    agentName: task.queue,
    ...(task.deadlineMs !== undefined && { deadline: timestampFromMs(grantedAt + task.deadlineMs) }),
  });
  if (task.kind === "probe") {
    grant.probe = true;
  } else if (task.kind === "preview") {
    grant.idempotencyKey = "";
    grant.preview = { $typeName: "agentspan.v1.PreviewTask", number: task.number, timeLeft: durationFromMs(10_000) };
  } else {
    const { runId, callId, attempt, nonce, workerId } = { ...claim, ...changes.bound };
    const expiresAt = grantedAt + (changes.validMs ?? GRANT_VALID_MS);
    const key = changes.key ?? orchestratorKey;
    const text = grantText({
      ...{ run: runId, call: callId, attempt, nonceDigest: digestOf(nonce), worker: workerId, tool },
      ...{ digest: argumentsDigest, guarded, idempotencyKey, approval: approvalId, decision: decisionId },
      ...{ grantedAt, expiresAt },
    });
    grant.proof = {
      $typeName: "agentspan.v1.Proof",
      ...{ runId, callId, attempt, nonce, workerId, argumentsDigest, approvalId, decisionId },
      grantedAt: timestampFromMs(grantedAt),
      expiresAt: timestampFromMs(expiresAt),
      keyId: changes.unsigned === true ? "" : key.id,
      signature: changes.unsigned === true ? new Uint8Array() : key.sign(text),
      checkedPreview: "",
    };
  }
  changes.after?.(grant, claim);
  return grant;
}
