// Authentication put together from its settings.
import type { Logger } from "@agentspan/internal";
import { VerifyKeyRequestSchema, VerifyKeyResponseSchema } from "@agentspan/proto";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Orchestrators } from "../bus/orchestrators.js";
import { DEFAULT_NAMESPACE, OURSELVES } from "../context.js";
import { ApiKeys, type KnownKey } from "./api-keys.js";
import { FailureLog } from "./failure-log.js";
import { type Guard, strictGuard } from "./guard.js";
import type { Issuer } from "./issuer.js";
import type { IssuerTimes } from "./issuer-keys.js";
import { Tokens } from "./tokens.js";

/** How it is known who is calling. Keys that are stored are taken beside these. */
export interface Authentication {
  readonly keys: readonly KnownKey[];
  readonly issuers: readonly Issuer[];
  /** For tests that would rather not wait. */
  readonly issuerTimes?: IssuerTimes;
}

export interface GuardParts {
  readonly authentication: Authentication;
  readonly allowedOrigins: readonly string[];
  readonly orchestrators: Pick<Orchestrators, "exchange">;
  readonly log: Logger;
  /** Aborted when the gateway stops. */
  readonly stopped: AbortSignal;
}

export function guardOf({ authentication, allowedOrigins, orchestrators, log, stopped }: GuardParts): Guard {
  const { keys, issuers, issuerTimes } = authentication;
  const asker = { caller: OURSELVES, namespace: DEFAULT_NAMESPACE, signal: stopped, header: () => undefined };
  const ask = async (keyId: string, used: boolean): Promise<KnownKey | undefined> => {
    const request = toBinary(VerifyKeyRequestSchema, create(VerifyKeyRequestSchema, { keyId, used }));
    const answer = await orchestrators.exchange("Internal/VerifyKey", request, asker);
    const { key } = fromBinary(VerifyKeyResponseSchema, answer);
    if (key === undefined) return undefined;
    const { expiresAt, ...same } = key;
    return { ...same, ...(expiresAt === undefined ? {} : { expiresAt: timestampMs(expiresAt) }) };
  };
  const verifiers = [
    new ApiKeys({ configured: keys, ask, log }),
    ...(issuers.length === 0 ? [] : [new Tokens({ issuers, log, times: issuerTimes })]),
  ];
  return strictGuard({ verifiers, allowedOrigins, failures: new FailureLog(log) });
}
