// The settings of authentication as texts of JSON, read once at the start. What is wrong with them is told in one list,
// without any of their values.
import { isRole, KEY_ID_PATTERN, NAME_PATTERN, personNameProblem, ROLES, type Role } from "@agentspan/internal";
import { z } from "zod";
import type { KnownKey } from "./api-keys.js";
import { DESK, deskClientOf } from "./desk-client.js";
import { subjectProblem } from "./identity.js";
import { ALGORITHMS, type Issuer, isSafeAddress } from "./issuer.js";

const DEFAULT_TOLERANCE_S = 30;

/** "owner" in "owner is empty". */
const nameThat = (problemOf: (text: string) => string | undefined) =>
  z.string().superRefine((text, issue) => {
    const problem = problemOf(text);
    if (problem !== undefined) issue.addIssue({ code: "custom", message: problem });
  });
const role = z.custom<Role>(
  (value) => typeof value === "string" && isRole(value),
  `must be one of ${ROLES.join(", ")}`,
);
const roles = z.array(role).min(1, "must have one role at least");
const namespace = z.string().regex(NAME_PATTERN, "must be a name: letters, digits, _ and -").default("default");
const text = z.string().min(1, "must not be empty");

const KEY = z
  .strictObject({
    id: z.string().regex(KEY_ID_PATTERN, "must be letters, digits and '-'"),
    sha256: z.string().regex(/^[0-9a-f]{64}$/i, "must be 64 hexadecimal digits: the SHA-256 of the key's secret"),
    owner: nameThat(subjectProblem),
    roles,
    groups: z.array(nameThat(personNameProblem)).default([]),
    namespace,
    expires: z.iso.datetime({ offset: true, error: "must be a time like 2027-01-31T00:00:00Z" }).optional(),
  })
  .refine((key) => !isOnlyDelegate(key.roles), "has the role delegate alone: give it runner or approver beside it");

const ISSUER = z.strictObject({
  issuer: z.string().refine(isSafeAddress, "must be a URL that begins with https://"),
  audience: z.union([text.transform((one) => [one]), z.array(text).min(1, "must name one at least")]),
  jwksUrl: z.string().refine(isSafeAddress, "must be a URL that begins with https://").optional(),
  algorithms: z
    .array(z.enum(ALGORITHMS, `must be of ${ALGORITHMS.join(", ")}`))
    .min(1, "must name one at least")
    .default([...ALGORITHMS]),
  clockToleranceSeconds: z.int().min(0).max(300, "must be at most 300").default(DEFAULT_TOLERANCE_S),
  requiredClaims: z.record(text, text).default({}),
  subjectClaim: text.default("sub"),
  subjectPrefix: z.string().default(""),
  groupsClaim: text.default("groups"),
  rolesClaim: text.optional(),
  roles: z.record(text, roles).default({}),
  namespaceClaim: text.optional(),
  namespace,
  desk: DESK.optional(),
});

/** What came of a text: its values, or what is wrong, in sentences that name the variable. */
export type ReadSetting<T> = { readonly values: readonly T[] } | { readonly faults: readonly string[] };

/** Keys as AGENTSPAN_API_KEYS has them. */
export function readKeys(variable: string, json: string): ReadSetting<KnownKey> {
  const read = readList(variable, json, KEY, '[{"id":"ci","sha256":"…","owner":"ci@acme.test","roles":["runner"]}]');
  if ("faults" in read) return read;
  const values = read.values.map(({ id, sha256, expires, ...same }) => ({
    ...same,
    keyId: id,
    secretSha256: Buffer.from(sha256, "hex"),
    ...(expires === undefined ? {} : { expiresAt: Date.parse(expires) }),
  }));
  return { values };
}

/** Issuers as AGENTSPAN_OIDC_ISSUERS has them. */
export function readIssuers(variable: string, json: string): ReadSetting<Issuer> {
  const read = readList(
    variable,
    json,
    ISSUER,
    '[{"issuer":"https://id.acme.test","audience":"agentspan","roles":{}}]',
  );
  if ("faults" in read) return read;
  const values = read.values.map(({ jwksUrl, rolesClaim, namespaceClaim, clockToleranceSeconds, desk, ...same }) => ({
    ...same,
    clockToleranceS: clockToleranceSeconds,
    ...(jwksUrl === undefined ? {} : { jwksUrl }),
    ...(rolesClaim === undefined ? {} : { rolesClaim }),
    ...(namespaceClaim === undefined ? {} : { namespaceClaim }),
    ...(desk === undefined ? {} : deskClientOf(desk)),
  }));
  return { values };
}

/** What of a list occurs in it twice. */
export function twice(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name, at) => names.indexOf(name) !== at))];
}

/** A delegate that may neither start nor decide can do nothing: it was meant otherwise. */
export function isOnlyDelegate(roles: readonly string[]): boolean {
  return roles.includes("delegate") && !roles.some((one) => one === "runner" || one === "approver" || one === "admin");
}

/** A list in JSON, each of its items after the schema; `example` is one to follow. */
export function readList<S extends z.ZodType>(
  variable: string,
  json: string,
  schema: S,
  example: string,
): ReadSetting<z.infer<S>> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    // The parser's words may hold a piece of the text.
    return { faults: [`${variable} is not JSON. It must be a list such as ${example}`] };
  }
  const read = z.array(schema, "must be a list").safeParse(value);
  if (read.success) return { values: read.data };
  return { faults: read.error.issues.map((issue) => `${variable}${pathOf(issue.path)} ${messageOf(issue)}.`) };
}

function pathOf(path: readonly PropertyKey[]): string {
  return path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("");
}

function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.code === "unrecognized_keys")
    return `has ${issue.keys.join(", ")}, which is no setting: correct or remove it`;
  if (issue.code === "invalid_type" && issue.input === undefined) return "is missing";
  return issue.message;
}
