// When people must approve a tool's calls, and who may: as options, and as an agent's definition tells it.
import { AgentspanError, personNameProblem, ruleProblem } from "@agentspan/internal";
import {
  type ApprovalPolicy,
  ApprovalPolicySchema,
  type Approvers as ApproversMessage,
  ApproversSchema,
  OnExpiry,
} from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { type Duration, toMilliseconds } from "./duration.js";
import { type OptionKinds, requireOptions } from "./option-check.js";

export interface ApprovalOptions {
  /**
   * Which calls wait for a person, where not all of them do: a CEL expression over `args` and the run's `labels`, such as
   * `args.amount > 100`. Where it fails or says neither true nor false, the call waits. Numbers are doubles.
   */
  readonly rule?: string;
  /** Approving demands the approval id and the digest that was shown: a bare approve is refused. */
  readonly explicit?: boolean;
  /** Who may decide; everybody whom the server lets approve, where left out. */
  readonly approvers?: ApproverOptions;
  /** How many people must approve; 1 unless said. One rejection closes. */
  readonly votes?: number;
  /** Whoever started a run may also approve its calls, which is refused otherwise where authentication is on. */
  readonly selfApproval?: boolean;
  /** How long people have to decide, 1 s or more; as long as it takes where left out. Nothing is approved by time. */
  readonly expiresIn?: Duration;
  /** What then happens: `reject` (the model is told, and goes on) unless said; `fail` ends the run. */
  readonly onExpiry?: "reject" | "fail" | "escalate";
  /** With `escalate`, and needed then: who decides from then on, in place of the approvers. */
  readonly escalateTo?: ApproverOptions;
  /** With `escalate`: how long they have before the call is rejected; as long as the first unless said. */
  readonly escalationExpiresIn?: Duration;
  /** A `reminded` event so often while nobody has decided, 1 minute or more. */
  readonly remindEvery?: Duration;
}

/** People by name, or by a group of their credential. */
export interface ApproverOptions {
  readonly users?: readonly string[];
  readonly groups?: readonly string[];
}

const APPROVAL_OPTIONS: OptionKinds<ApprovalOptions> = {
  rule: "text",
  explicit: "flag",
  approvers: "object",
  votes: "count",
  selfApproval: "flag",
  expiresIn: "duration",
  onExpiry: "text",
  escalateTo: "object",
  escalationExpiresIn: "duration",
  remindEvery: "duration",
};
const ON_EXPIRY = { reject: OnExpiry.REJECT, fail: OnExpiry.FAIL, escalate: OnExpiry.ESCALATE } as const;
const APPROVER_OPTIONS: OptionKinds<ApproverOptions> = { users: "list", groups: "list" };

/** Throws INVALID_REQUEST where the options cannot be used. `owner` is `tool "pay_out"`. */
export function policyOf(options: ApprovalOptions, owner: string): ApprovalPolicy {
  requireOptions(options, `The approval of the ${owner}`, APPROVAL_OPTIONS);
  const { rule, explicit = false, approvers, votes = 0, selfApproval = false } = options;
  const problem = rule === undefined ? undefined : ruleProblem(rule);
  if (problem !== undefined) throw unusable("rule", owner, `is not a rule that can be asked: ${problem}`);
  return create(ApprovalPolicySchema, {
    required: rule === undefined,
    rule: rule ?? "",
    explicit,
    votesRequired: votes,
    selfApproval,
    ...(approvers === undefined ? {} : { approvers: approversOf(approvers, "approvers", owner) }),
    ...expiryOf(options, owner),
    ...durationOf(options, "remindEvery", owner),
  });
}

type Fields = Omit<Partial<ApprovalPolicy>, "$typeName" | "$unknown">;

function expiryOf(options: ApprovalOptions, owner: string): Fields {
  const { expiresIn, onExpiry, escalateTo, escalationExpiresIn } = options;
  if (expiresIn === undefined) {
    const alone = (["onExpiry", "escalateTo", "escalationExpiresIn"] as const).find(
      (key) => options[key] !== undefined,
    );
    if (alone !== undefined) throw unusable(alone, owner, "is for an approval that expires: set expiresIn as well");
    return {};
  }
  if (onExpiry !== undefined && !Object.hasOwn(ON_EXPIRY, onExpiry)) {
    throw unusable("onExpiry", owner, 'must be "reject", "fail" or "escalate"');
  }
  if ((onExpiry === "escalate") !== (escalateTo !== undefined)) {
    throw unusable("escalateTo", owner, 'goes with onExpiry "escalate", which needs it');
  }
  if (onExpiry !== "escalate" && escalationExpiresIn !== undefined) {
    throw unusable("escalationExpiresIn", owner, 'goes with onExpiry "escalate"');
  }
  return {
    ...durationOf(options, "expiresIn", owner),
    onExpiry: onExpiry === undefined ? OnExpiry.UNSPECIFIED : ON_EXPIRY[onExpiry],
    ...(escalateTo === undefined ? {} : { escalateTo: approversOf(escalateTo, "escalateTo", owner) }),
    ...durationOf(options, "escalationExpiresIn", owner),
  };
}

function durationOf(
  options: ApprovalOptions,
  field: "expiresIn" | "escalationExpiresIn" | "remindEvery",
  owner: string,
): Fields {
  const value = options[field];
  return value === undefined ? {} : { [field]: durationFromMs(toMilliseconds(value, `${owner}.approval.${field}`)) };
}

function unusable(field: string, owner: string, description: string): AgentspanError {
  return new AgentspanError("INVALID_REQUEST", `The ${field} of the ${owner} ${description}.`, {
    fields: [{ field, description }],
  });
}

function approversOf(options: ApproverOptions, field: string, owner: string): ApproversMessage {
  requireOptions(options, `The ${field} of the ${owner}`, APPROVER_OPTIONS);
  const { users = [], groups = [] } = options;
  const known = [...users, ...groups];
  if (known.length === 0 || known.some((name) => typeof name !== "string" || name === "")) {
    throw unusable(field, owner, "must name at least one user or group, each in a text that is not empty");
  }
  for (const [kind, names] of Object.entries({ users, groups })) {
    for (const [at, name] of names.entries()) {
      const problem = personNameProblem(name);
      if (problem !== undefined) throw unusable(`${field}.${kind}[${at}]`, owner, problem);
    }
  }
  return create(ApproversSchema, { users: [...users], groups: [...groups] });
}
