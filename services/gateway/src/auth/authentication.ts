// Authentication put together from its settings.
import type { Logger, TrustedKeys } from "@agentspan/internal";
import type { Orchestrators } from "../bus/orchestrators.js";
import { ApiKeys, type KnownKey } from "./api-keys.js";
import { FailureLog } from "./failure-log.js";
import { type Guard, strictGuard } from "./guard.js";
import type { Issuer } from "./issuer.js";
import type { IssuerTimes } from "./issuer-keys.js";
import { storedKeys } from "./stored-keys.js";
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
  readonly apiKeys: ApiKeys;
  readonly log: Logger;
}

export interface ApiKeysParts {
  readonly authentication: Authentication;
  readonly orchestrators: Pick<Orchestrators, "exchange">;
  /** Whose signatures under stored keys are believed; any answer is, without. */
  readonly trusted: TrustedKeys | undefined;
  readonly log: Logger;
  /** Aborted when the gateway stops. */
  readonly stopped: AbortSignal;
}

export function apiKeysOf({ authentication: { keys }, orchestrators, trusted, log, stopped }: ApiKeysParts): ApiKeys {
  return new ApiKeys({ configured: keys, ask: storedKeys({ orchestrators, trusted, log, stopped }), log });
}

const REFUSED = {
  first: "A call was refused: its credential is not good",
  more: "Calls were refused: their credentials are not good",
};

export function guardOf({ authentication: { issuers, issuerTimes }, allowedOrigins, apiKeys, log }: GuardParts): Guard {
  const verifiers = [apiKeys, ...(issuers.length === 0 ? [] : [new Tokens({ issuers, log, times: issuerTimes })])];
  return strictGuard({ verifiers, allowedOrigins, failures: new FailureLog(log, REFUSED) });
}
