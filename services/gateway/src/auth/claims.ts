// What the claims of a genuine token mean here: who it is, with which groups and roles, and in which namespace.
import { isRole, NAME_PATTERN, personNameProblem } from "@agentspan/internal";
import type { JWTPayload } from "jose";
import { Refused, subjectProblem } from "./identity.js";
import type { Issuer } from "./issuer.js";

const MOST_GROUPS = 512;

export interface Claimed {
  readonly subject: string;
  /** The name for people; absent where the token has none that can be shown. */
  readonly displayName: string | undefined;
  readonly groups: readonly string[];
  readonly roles: readonly string[];
  readonly namespace: string;
}

/** Throws Refused where a claim that is needed is missing or cannot be one. */
export function readClaims(payload: JWTPayload, issuer: Issuer): Claimed {
  for (const [name, text] of Object.entries(issuer.requiredClaims)) {
    if (claim(payload, name) === text) continue;
    throw new Refused("claims", `The token's ${name} is not what this server asks of its issuer's tokens.`);
  }
  const groups = texts(claim(payload, issuer.groupsClaim));
  if (groups.length > 0) requireVerified(issuer.groupsClaim, payload, "in which group it is");
  if (groups.length > MOST_GROUPS) {
    throw new Refused("claims", `The token has ${groups.length} groups, and at most ${MOST_GROUPS} are taken.`);
  }
  const said = issuer.rolesClaim === undefined ? [] : texts(claim(payload, issuer.rolesClaim)).filter(isRole);
  const mapped = groups.flatMap((group) => (Object.hasOwn(issuer.roles, group) ? (issuer.roles[group] ?? []) : []));
  return {
    subject: subjectOf(payload, issuer),
    displayName: displayNameOf(payload),
    groups,
    roles: [...new Set([...said, ...mapped])],
    namespace: namespaceOf(payload, issuer),
  };
}

function subjectOf(payload: JWTPayload, { subjectClaim, subjectPrefix }: Issuer): string {
  const value = claim(payload, subjectClaim);
  if (typeof value !== "string")
    throw new Refused("claims", `The token does not say who it is: it has no ${subjectClaim}.`);
  const subject = `${subjectPrefix}${value}`;
  const problem = personNameProblem(value) ?? subjectProblem(subject);
  if (problem !== undefined)
    throw new Refused("claims", `The token's ${subjectClaim} cannot be a name: it ${problem}.`);
  requireVerified(subjectClaim, payload, "who it is");
  return subject;
}

/** Whoever may write any address into their profile could be anybody. */
function requireVerified(name: string, { email_verified: verified }: JWTPayload, what: string): void {
  if (name !== "email" || verified === true) return;
  throw new Refused("claims", `The token's email is not verified by its issuer, so it does not say ${what}.`);
}

function displayNameOf({ name }: JWTPayload): string | undefined {
  return typeof name === "string" && personNameProblem(name) === undefined ? name : undefined;
}

function namespaceOf(payload: JWTPayload, { namespaceClaim, namespace }: Issuer): string {
  if (namespaceClaim === undefined) return namespace;
  const value = claim(payload, namespaceClaim);
  if (typeof value === "string" && NAME_PATTERN.test(value)) return value;
  throw new Refused(
    "claims",
    `The token does not say which namespace it is of: its ${namespaceClaim} is no name of one.`,
  );
}

/** By its whole name, which may have dots and slashes, or else as a path: "realm_access.roles". */
function claim(payload: JWTPayload, name: string): unknown {
  if (Object.hasOwn(payload, name)) return payload[name];
  let value: unknown = payload;
  for (const part of name.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    value = Reflect.get(value, part);
  }
  return value;
}

function texts(value: unknown): readonly string[] {
  if (typeof value === "string") return value === "" ? [] : [value];
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === "string" && one !== "") : [];
}
