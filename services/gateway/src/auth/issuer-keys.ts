// The public keys of an issuer: found, kept, and read again when a token names one that is not among them.
import { AgentspanError, type Logger } from "@agentspan/internal";
import { createRemoteJWKSet, errors, type JWTVerifyGetKey } from "jose";
import { Refused } from "./identity.js";
import { type Issuer, isSafeAddress } from "./issuer.js";

export interface IssuerTimes {
  /** Milliseconds that keys are used for without being read again. */
  readonly keepMs: number;
  /** Milliseconds in which keys are read once at most, whatever tokens name. */
  readonly restMs: number;
  /** Milliseconds that the issuer may take to answer. */
  readonly answerMs: number;
}

export const ISSUER_TIMES: IssuerTimes = { keepMs: 600_000, restMs: 10_000, answerMs: 5_000 };
/** After the issuer could not be asked, calls are refused for so long without asking it again. */
const REST_AFTER_FAILURE_MS = 1_000;

type RemoteKeys = ReturnType<typeof createRemoteJWKSet>;

export class IssuerKeys {
  readonly #issuer: Issuer;
  readonly #log: Logger;
  readonly #times: IssuerTimes;
  #keys: Promise<RemoteKeys> | undefined;
  #failedAt = Number.NEGATIVE_INFINITY;

  constructor(issuer: Issuer, log: Logger, times: IssuerTimes = ISSUER_TIMES) {
    this.#issuer = issuer;
    this.#log = log;
    this.#times = times;
  }

  /** The key that a token names. Rejects with Refused where the issuer has none such, else with ISSUER_UNAVAILABLE. */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    if (performance.now() - this.#failedAt < REST_AFTER_FAILURE_MS) throw this.#unavailable(undefined);
    this.#keys ??= this.#open();
    let keys: RemoteKeys | undefined;
    try {
      keys = await this.#keys;
      return await keys(header, token);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) {
        throw new Refused(
          "signature",
          "The token is signed with a key that its issuer does not have. Get a new one.",
          error,
        );
      }
      if (error instanceof errors.JWKSMultipleMatchingKeys) {
        throw new Refused("signature", "The token does not say which of its issuer's keys it is signed with.", error);
      }
      // Whoever names keys that there are not must not make us forget those that there are.
      if (keys?.fresh !== true) {
        // Also where the keys are has to be asked again: it may be what has changed.
        this.#keys = undefined;
        this.#failedAt = performance.now();
      }
      this.#log.warn({ err: error, issuer: this.#issuer.issuer }, "The keys of an issuer cannot be read");
      throw this.#unavailable(error);
    }
  };

  async #open(): Promise<RemoteKeys> {
    const { keepMs, restMs, answerMs } = this.#times;
    return createRemoteJWKSet(new URL(this.#issuer.jwksUrl ?? (await this.#discovered())), {
      cacheMaxAge: keepMs,
      cooldownDuration: restMs,
      timeoutDuration: answerMs,
    });
  }

  async #discovered(): Promise<string> {
    const { issuer } = this.#issuer;
    const response = await fetch(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`, {
      signal: AbortSignal.timeout(this.#times.answerMs),
      redirect: "error",
      headers: { accept: "application/json" },
    });
    if (response.status !== 200) throw new Error(`The discovery document came with status ${response.status}`);
    const document: unknown = await response.json();
    const { issuer: named, jwks_uri: jwksUrl } = Object(document) as Readonly<Record<string, unknown>>;
    if (named !== issuer) throw new Error(`The discovery document is of ${String(named)}, and not of ${issuer}`);
    if (typeof jwksUrl !== "string" || !isSafeAddress(jwksUrl)) {
      throw new Error("The discovery document names no https address of keys");
    }
    return jwksUrl;
  }

  #unavailable(cause: unknown): AgentspanError {
    return new AgentspanError(
      "ISSUER_UNAVAILABLE",
      "The keys of the token's issuer cannot be read, so nobody can tell whether it is genuine. Try again shortly.",
      { retryAfterMs: REST_AFTER_FAILURE_MS, cause },
    );
  }
}
