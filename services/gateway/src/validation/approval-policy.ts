// When people must approve a tool's calls, and who may.
import { Limits, ruleProblem } from "@agentspan/internal";
import { type ApprovalPolicy, type Approvers, OnExpiry, type Tool, ToolKind } from "@agentspan/proto";
import type { Duration } from "@bufbuild/protobuf/wkt";
import { checkDuration, checkEnum, checkPerson } from "./checks.js";
import { Faults } from "./faults.js";

const SHORTEST_EXPIRY_S = 1;
const SHORTEST_REMINDER_S = 60;

export function checkPolicy(faults: Faults, path: string, policy: ApprovalPolicy): void {
  const { approvers, votesRequired, rule } = policy;
  if (rule !== "") checkRule(faults, `${path}.rule`, rule);
  if (rule !== "" && policy.required) {
    faults.add(`${path}.rule`, "says which calls wait, and with required all of them do");
  }
  if (votesRequired > Limits.votesRequired) {
    faults.add(`${path}.votesRequired`, `must be at most ${Limits.votesRequired}; 0 takes 1`);
  }
  if (approvers !== undefined) checkApprovers(faults, `${path}.approvers`, approvers, votesRequired);
  checkExpiry(faults, path, policy);
  checkLength(faults, `${path}.remindEvery`, policy.remindEvery, SHORTEST_REMINDER_S);
}

/** Throws AgentspanError for a tool whose policy no definition could have, with the field of each fault. */
export function requirePolicy(tool: Tool): void {
  const faults = new Faults();
  if (tool.approval !== undefined) checkPolicy(faults, "approval", tool.approval);
  checkAsks(faults, "approval", tool);
  faults.throwIfAny();
}

/**
 * A policy that says how people decide and lets no call wait reads as a gate that is none. Of a tool that starts at most
 * once it is about settlements.
 */
export function checkAsks(faults: Faults, path: string, { approval, once, kind }: Tool): void {
  if (approval === undefined || approval.required || approval.rule !== "" || once || kind === ToolKind.HUMAN) return;
  const { explicit, approvers, votesRequired, selfApproval, expiresIn, onExpiry, remindEvery } = approval;
  const { escalateTo, escalationExpiresIn } = approval;
  const said = Object.entries({
    explicit,
    approvers,
    votesRequired: votesRequired > 0,
    selfApproval,
    expiresIn,
    onExpiry: onExpiry !== OnExpiry.UNSPECIFIED,
    escalateTo,
    escalationExpiresIn,
    remindEvery,
  }).flatMap(([field, value]) => (value === undefined || value === false ? [] : [field]));
  if (said.length === 0) return;
  faults.add(path, `says ${said.join(", ")}, and lets every call run unasked: set required, or a rule`);
}

export function checkRule(faults: Faults, field: string, rule: string): void {
  const size = Buffer.byteLength(rule);
  if (size > Limits.ruleBytes) {
    faults.exceeds(field, "ruleBytes", size);
    return;
  }
  const problem = ruleProblem(rule);
  if (problem !== undefined) faults.add(field, `is not a rule that can be asked: ${problem}`);
}

function checkExpiry(faults: Faults, path: string, policy: ApprovalPolicy): void {
  const { expiresIn, onExpiry, escalateTo, escalationExpiresIn, votesRequired } = policy;
  checkLength(faults, `${path}.expiresIn`, expiresIn, SHORTEST_EXPIRY_S);
  checkLength(faults, `${path}.escalationExpiresIn`, escalationExpiresIn, SHORTEST_EXPIRY_S);
  if (onExpiry !== OnExpiry.UNSPECIFIED) {
    checkEnum(faults, `${path}.onExpiry`, onExpiry, OnExpiry);
    if (expiresIn === undefined) faults.add(`${path}.onExpiry`, "goes with expiresIn");
  }
  if (onExpiry === OnExpiry.ESCALATE) {
    if (escalateTo === undefined) faults.add(`${path}.escalateTo`, "is required with ESCALATE");
    else checkApprovers(faults, `${path}.escalateTo`, escalateTo, votesRequired);
    return;
  }
  if (escalateTo !== undefined) faults.add(`${path}.escalateTo`, "goes with ESCALATE only");
  if (escalationExpiresIn !== undefined) faults.add(`${path}.escalationExpiresIn`, "goes with ESCALATE only");
}

function checkLength(faults: Faults, field: string, duration: Duration | undefined, shortestS: number): void {
  checkDuration(faults, field, duration);
  if (duration !== undefined && duration.seconds >= 0n && duration.seconds < BigInt(shortestS)) {
    faults.add(field, `must be at least ${shortestS} s`);
  }
}

function checkApprovers(faults: Faults, path: string, { users, groups }: Approvers, votesRequired: number): void {
  const people = new Set(users).size;
  if (people > 0 && groups.length === 0 && people < votesRequired) {
    faults.add(path, `name ${people === 1 ? "1 person" : `${people} people`}, and votesRequired is ${votesRequired}`);
  }
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
