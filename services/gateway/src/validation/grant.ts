// GrantService's requests.
import { Limits } from "@agentspan/internal";
import type { CreateGrantRequest, GetGrantRequest, ListGrantsRequest, RevokeGrantRequest } from "@agentspan/proto";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { checkRule } from "./approval-policy.js";
import {
  checkId,
  checkName,
  checkOnBehalfOf,
  checkOptionalName,
  checkPageSize,
  checkPageToken,
  checkSize,
} from "./checks.js";
import { Faults } from "./faults.js";

const MOST_DESCRIPTION_BYTES = 256;
const LAST_TIME_MS = Date.UTC(9999, 11, 31);

/** `now` in milliseconds since the epoch. */
export function checkCreateGrant(request: CreateGrantRequest, now: number): void {
  const { agentName, toolName, rule, expiresAt, maxUses, description, onBehalfOf } = request;
  const faults = new Faults();
  checkName(faults, "agentName", agentName);
  checkName(faults, "toolName", toolName);
  if (rule !== "") checkRule(faults, "rule", rule);
  if (expiresAt === undefined) faults.add("expiresAt", "is required: a standing grant ends");
  else {
    const at = timestampMs(expiresAt);
    if (!(at > now && at < LAST_TIME_MS)) faults.add("expiresAt", "must lie in the future, before the year 9999 ends");
  }
  if (maxUses === 0) faults.add("maxUses", "is required: a standing grant is used up");
  if (maxUses > Limits.grantUses) faults.add("maxUses", `must be at most ${Limits.grantUses}`);
  if (Buffer.byteLength(description) > MOST_DESCRIPTION_BYTES) {
    faults.add("description", `must have at most ${MOST_DESCRIPTION_BYTES} bytes`);
  }
  checkOnBehalfOf(faults, "onBehalfOf", onBehalfOf);
  checkSize(faults, "idempotencyKey", request.idempotencyKey, "idempotencyKeyBytes");
  faults.throwIfAny();
}

export function checkGetGrant({ grantId }: GetGrantRequest): void {
  const faults = new Faults();
  checkId(faults, "grantId", grantId);
  faults.throwIfAny();
}

export function checkListGrants({ agentName, toolName, pageSize, pageToken }: ListGrantsRequest): void {
  const faults = new Faults();
  checkOptionalName(faults, "agentName", agentName);
  checkOptionalName(faults, "toolName", toolName);
  checkPageSize(faults, "pageSize", pageSize);
  checkPageToken(faults, "pageToken", pageToken);
  faults.throwIfAny();
}

export function checkRevokeGrant({ grantId, onBehalfOf }: RevokeGrantRequest): void {
  const faults = new Faults();
  checkId(faults, "grantId", grantId);
  checkOnBehalfOf(faults, "onBehalfOf", onBehalfOf);
  faults.throwIfAny();
}
