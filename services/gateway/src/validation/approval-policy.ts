// When people must approve a tool's calls, and who may.
import { Limits } from "@agentspan/internal";
import type { ApprovalPolicy, Approvers } from "@agentspan/proto";
import type { Faults } from "./faults.js";

const MAX_NAME_BYTES = 256;

export function checkPolicy(faults: Faults, path: string, policy: ApprovalPolicy): void {
  const { approvers, votesRequired } = policy;
  if (votesRequired > Limits.votesRequired) {
    faults.add(`${path}.votesRequired`, `must be at most ${Limits.votesRequired}; 0 takes 1`);
  }
  if (approvers === undefined) return;
  checkApprovers(faults, `${path}.approvers`, approvers);
  const { users, groups } = approvers;
  const people = new Set(users).size;
  if (groups.length === 0 && people < votesRequired) {
    faults.add(`${path}.approvers`, `are ${people} people, and votesRequired is ${votesRequired}`);
  }
}

function checkApprovers(faults: Faults, path: string, { users, groups }: Approvers): void {
  if (users.length + groups.length === 0) {
    faults.add(path, "must name at least one user or group; leave it out for everybody who may approve");
  }
  for (const [kind, names] of Object.entries({ users, groups })) {
    if (names.length > Limits.approvers) {
      faults.exceeds(`${path}.${kind}`, "approvers", names.length);
      continue;
    }
    for (const [at, name] of names.entries()) checkPerson(faults, `${path}.${kind}[${at}]`, name);
  }
}

/** Names are compared as they stand: one with a blank at its end would be somebody whom nobody can be. */
export function checkPerson(faults: Faults, field: string, name: string): void {
  if (name === "") faults.add(field, "is empty");
  else if (name.trim() !== name) faults.add(field, "must not begin or end with a blank");
  else if (Buffer.byteLength(name) > MAX_NAME_BYTES) faults.add(field, `must be at most ${MAX_NAME_BYTES} bytes`);
}
