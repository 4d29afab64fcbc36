// An OIDC issuer that is trusted: what its tokens must say, and what their claims mean here.
import type { Role } from "@agentspan/internal";

export interface Issuer {
  /** As tokens and its discovery document say it, to the letter. */
  readonly issuer: string;
  /** A token must be for one of these. */
  readonly audience: readonly string[];
  /** Where its public keys are; found by discovery where absent. */
  readonly jwksUrl?: string;
  /** Algorithms of signatures that are taken; all of them are asymmetric. */
  readonly algorithms: readonly string[];
  /** How far its clock and ours may differ, seconds. */
  readonly clockToleranceS: number;
  /** Claims that a token must have, with the text that each must be; others are refused. */
  readonly requiredClaims: Readonly<Record<string, string>>;
  /** Who it is. */
  readonly subjectClaim: string;
  /** Put before each subject, so that two issuers' subjects are two persons. */
  readonly subjectPrefix: string;
  readonly groupsClaim: string;
  /** A claim that holds names of our roles; none where absent. */
  readonly rolesClaim?: string;
  /** Roles by group. */
  readonly roles: Readonly<Record<string, readonly Role[]>>;
  /** A claim that holds the namespace; where absent all its tokens are of `namespace`. */
  readonly namespaceClaim?: string;
  readonly namespace: string;
  /** How people sign in with it at the desk; not at all where absent. */
  readonly desk?: DeskClient;
  /** With it the desk is a confidential client, for which the gateway asks; a public one where absent. Told nobody else. */
  readonly deskSecret?: string;
}

/** The desk as a client of an issuer. Whoever opens the desk is told all of it. */
export interface DeskClient {
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** For which API a token is asked for (RFC 8707); not said where absent. */
  readonly resource?: string;
  /** What else the issuer is told when somebody is sent to it, by name. */
  readonly authorizationParameters?: Readonly<Record<string, string>>;
  /** Which of the tokens that the issuer gives is shown to the gateway. */
  readonly token: "access" | "id";
}

/** No "none", and none with a shared secret: whoever could verify such a token could make one. */
export const ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
] as const;

/** Whether an address may be asked for keys: by TLS, or on this machine. */
export function isSafeAddress(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname } = new URL(address);
  const loopback = hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);
  return protocol === "https:" || (protocol === "http:" && loopback);
}
