// Tokens of OIDC issuers (JWT). Which issuer a token says it is of only chooses whose keys it is held to.
import { createHash } from "node:crypto";
import { AgentspanError, type Logger } from "@agentspan/internal";
import { decodeJwt, errors, type JWTPayload, type JWTVerifyOptions, jwtVerify } from "jose";
import { readClaims } from "./claims.js";
import { type Identity, Refused, type Verifier } from "./identity.js";
import type { Issuer } from "./issuer.js";
import { IssuerKeys, type IssuerTimes } from "./issuer-keys.js";

export interface TokensOptions {
  readonly issuers: readonly Issuer[];
  readonly log: Logger;
  readonly times?: IssuerTimes | undefined;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

interface Trusted {
  readonly issuer: Issuer;
  readonly keys: IssuerKeys;
}

export class Tokens implements Verifier {
  readonly #trusted: ReadonlyMap<string, Trusted>;
  readonly #now: () => number;

  constructor({ issuers, log, times, now }: TokensOptions) {
    this.#trusted = new Map(
      issuers.map((issuer) => [issuer.issuer, { issuer, keys: new IssuerKeys(issuer, log, times) }]),
    );
    this.#now = now ?? Date.now;
  }

  readonly takes = (credential: string): boolean => credential.split(".").length === 3;

  readonly verify = async (token: string): Promise<Identity> => {
    const { issuer, keys } = this.#trustedOf(token);
    const payload = await this.#genuine(token, issuer, keys);
    const { subject, displayName, groups, roles, namespace } = readClaims(payload, issuer);
    const endsAt = ((payload.exp ?? 0) + issuer.clockToleranceS) * 1_000;
    return {
      caller: { subject, groups, roles, method: "jwt", credentialId: credentialId(token, payload, issuer) },
      namespace,
      shown: { displayName, expiresAt: (payload.exp ?? 0) * 1_000 },
      stillGood: async () => {
        if (endsAt <= this.#now()) throw expired();
      },
    };
  };

  #trustedOf(token: string): Trusted {
    const trusted = this.#trusted.get(issuerOf(token));
    if (trusted === undefined) {
      throw new Refused("issuer", "The token is of an issuer that this server does not trust.");
    }
    return trusted;
  }

  async #genuine(token: string, issuer: Issuer, keys: IssuerKeys): Promise<JWTPayload> {
    const options: JWTVerifyOptions = {
      issuer: issuer.issuer,
      audience: [...issuer.audience],
      algorithms: [...issuer.algorithms],
      clockTolerance: issuer.clockToleranceS,
      // A token without an end would be good for ever.
      requiredClaims: ["exp"],
      currentDate: new Date(this.#now()),
    };
    try {
      return (await jwtVerify(token, keys.find, options)).payload;
    } catch (error) {
      throw refusalOf(error);
    }
  }
}

function issuerOf(token: string): string {
  try {
    return decodeJwt(token).iss ?? "";
  } catch (error) {
    throw new Refused("malformed", "This is not a whole token.", error);
  }
}

/** Issuer and id of the token, or of one without an id a part of its hash: what an audit names it by. */
function credentialId(token: string, { jti }: JWTPayload, { issuer }: Issuer): string {
  const id =
    typeof jti === "string" && jti !== ""
      ? jti.slice(0, 200)
      : createHash("sha256").update(token).digest("hex").slice(0, 16);
  return `${issuer}#${id}`;
}

function refusalOf(error: unknown): unknown {
  if (error instanceof AgentspanError) return error;
  if (error instanceof errors.JWTExpired) return expired(error);
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === "aud")
      return new Refused("audience", "The token is for somebody else: its audience is not this server.", error);
    if (error.claim === "nbf") return new Refused("not yet valid", "The token is not valid yet.", error);
    return new Refused("claims", `The token's claim ${error.claim} is missing or wrong.`, error);
  }
  if (error instanceof errors.JOSEAlgNotAllowed) {
    return new Refused("algorithm", "The token is signed in a way that this server does not take.", error);
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return new Refused("signature", "The token's signature is not its issuer's.", error);
  }
  // Whatever else is wrong with it: the library throws its own errors, and for a key that does not fit a TypeError.
  return new Refused("malformed", "This is not a token that can be verified.", error);
}

function expired(cause?: unknown): Refused {
  return new Refused("expired", "The token has expired. Get a new one.", cause);
}
