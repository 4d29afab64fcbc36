// API keys that are stored, as an orchestrator tells of them. Where there are trusted keys its signature is asked for:
// neither a row that was written into the database nor an answer of somebody else on the bus makes anybody an approver.
import { randomBytes } from "node:crypto";
import { AgentspanError, keyAnswerText, type Logger, type TrustedKeys } from "@agentspan/internal";
import { VerifyKeyRequestSchema, type VerifyKeyResponse, VerifyKeyResponseSchema } from "@agentspan/proto";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Orchestrators } from "../bus/orchestrators.js";
import { DEFAULT_NAMESPACE, OURSELVES } from "../context.js";
import type { KnownKey } from "./api-keys.js";

export interface StoredKeysOptions {
  readonly orchestrators: Pick<Orchestrators, "exchange">;
  readonly trusted: TrustedKeys | undefined;
  readonly log: Logger;
  /** Aborted when the gateway stops. */
  readonly stopped: AbortSignal;
}

const NONCE_BYTES = 16;

/** Asks for a key by its id; undefined where there is none that can be believed. */
export function storedKeys({ orchestrators, trusted, log, stopped }: StoredKeysOptions) {
  const asker = { caller: OURSELVES, namespace: DEFAULT_NAMESPACE, signal: stopped, header: () => undefined };

  return async (keyId: string, used: boolean): Promise<KnownKey | undefined> => {
    const nonce = randomBytes(NONCE_BYTES);
    const request = toBinary(VerifyKeyRequestSchema, create(VerifyKeyRequestSchema, { keyId, used, nonce }));
    try {
      const answer = fromBinary(
        VerifyKeyResponseSchema,
        await orchestrators.exchange("Internal/VerifyKey", request, asker),
      );
      if (answer.key === undefined) return undefined;
      const problem =
        answer.key.keyId === keyId ? trusted && signatureProblem(answer, nonce, trusted) : "it is another";
      if (problem === undefined) return known(answer.key);
      log.warn({ keyId, problem }, "What was told of an API key is not believed, and the key refused");
    } catch (error) {
      // The orchestrator does not believe what is stored. Whoever shows the key is told no more than of any wrong one.
      if (!(error instanceof AgentspanError) || error.reason !== "UNAUTHENTICATED") throw error;
      log.warn({ keyId, problem: error.message }, "A stored API key is not believed, and refused");
    }
    return undefined;
  };
}

type Told = NonNullable<VerifyKeyResponse["key"]>;

function signatureProblem(
  { key, at, signingKeyId, signature }: VerifyKeyResponse,
  nonce: Buffer,
  trusted: TrustedKeys,
) {
  if (key === undefined || at === undefined) return "it is not signed";
  const { keyId, secretSha256, owner, roles, groups, namespace, createdAt, expiresAt, revoked } = key;
  const statement = {
    keyId,
    secretSha256: Buffer.from(secretSha256).toString("hex"),
    ...{ owner, roles, groups, namespace },
    createdAt: createdAt === undefined ? 0 : timestampMs(createdAt),
    expiresAt: expiresAt === undefined ? 0 : timestampMs(expiresAt),
  };
  const answeredAt = timestampMs(at);
  const text = keyAnswerText({ key: statement, revoked, nonce: nonce.toString("hex"), at: answeredAt });
  return trusted.problem("orchestrators", { text, keyId: signingKeyId, signature, at: answeredAt });
}

function known({ keyId, secretSha256, owner, roles, groups, namespace, expiresAt, revoked }: Told): KnownKey {
  return {
    ...{ keyId, secretSha256, owner, roles, groups, namespace, revoked },
    ...(expiresAt === undefined ? {} : { expiresAt: timestampMs(expiresAt) }),
  };
}
