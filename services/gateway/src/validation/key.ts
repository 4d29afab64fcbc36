// KeyService's requests.
import { isRole, KEY_ID_PATTERN, ROLES } from "@agentspan/internal";
import type { CreateKeyRequest, RevokeKeyRequest } from "@agentspan/proto";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { isOnlyDelegate } from "../auth/auth-settings.js";
import { subjectProblem } from "../auth/identity.js";
import { checkPerson } from "./checks.js";
import { Faults } from "./faults.js";

const MOST_GROUPS = 64;
const MOST_BYTES = 256;
const LAST_TIME_MS = Date.UTC(9999, 11, 31);

/** `now` in milliseconds since the epoch. */
export function checkCreateKey(request: CreateKeyRequest, now: number): void {
  const { owner, roles, groups, description, expiresAt } = request;
  const faults = new Faults();
  const problem = subjectProblem(owner);
  if (problem !== undefined) faults.add("owner", problem);
  if (roles.length === 0) faults.add("roles", `must have one of ${ROLES.join(", ")} at least`);
  for (const [at, role] of roles.entries()) {
    if (!isRole(role)) faults.add(`roles[${at}]`, `must be one of ${ROLES.join(", ")}`);
  }
  if (isOnlyDelegate(roles)) faults.add("roles", "must have runner or approver beside delegate");
  if (groups.length > MOST_GROUPS) faults.add("groups", `must be at most ${MOST_GROUPS}`);
  for (const [at, group] of groups.entries()) checkPerson(faults, `groups[${at}]`, group);
  if (Buffer.byteLength(description) > MOST_BYTES) faults.add("description", `must have at most ${MOST_BYTES} bytes`);
  if (expiresAt !== undefined) {
    const at = timestampMs(expiresAt);
    if (!(at > now && at < LAST_TIME_MS)) faults.add("expiresAt", "must lie in the future, before the year 9999 ends");
  }
  faults.throwIfAny();
}

export function checkRevokeKey({ keyId }: RevokeKeyRequest): void {
  const faults = new Faults();
  if (!KEY_ID_PATTERN.test(keyId)) faults.add("keyId", keyId === "" ? "is required" : "is not an id of a key");
  faults.throwIfAny();
}
