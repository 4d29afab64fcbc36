// When people must approve a tool's calls, and who may: as options, and as an agent's definition tells it.
import { AgentspanError } from "@agentspan/internal";
import { type ApprovalPolicy, ApprovalPolicySchema } from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { type OptionKinds, requireOptions } from "./option-check.js";

export interface ApprovalOptions {
  /** Approving demands the approval id and the digest that was shown: a bare approve is refused. */
  readonly explicit?: boolean;
  /** Who may decide; everybody whom the server lets approve, where left out. */
  readonly approvers?: ApproverOptions;
  /** How many people must approve; 1 unless said. One rejection closes. */
  readonly votes?: number;
  /** Whoever started a run may also approve its calls, which is refused otherwise where authentication is on. */
  readonly selfApproval?: boolean;
}

/** People by name, or by a group of their credential. */
export interface ApproverOptions {
  readonly users?: readonly string[];
  readonly groups?: readonly string[];
}

const APPROVAL_OPTIONS: OptionKinds<ApprovalOptions> = {
  explicit: "flag",
  approvers: "object",
  votes: "count",
  selfApproval: "flag",
};
const APPROVER_OPTIONS: OptionKinds<ApproverOptions> = { users: "list", groups: "list" };

/** Throws INVALID_REQUEST where the options cannot be used. `owner` is `tool "pay_out"`. */
export function policyOf(options: ApprovalOptions, owner: string): ApprovalPolicy {
  requireOptions(options, `The approval of the ${owner}`, APPROVAL_OPTIONS);
  const { explicit = false, approvers, votes = 0, selfApproval = false } = options;
  return create(ApprovalPolicySchema, {
    required: true,
    explicit,
    votesRequired: votes,
    selfApproval,
    ...(approvers === undefined ? {} : { approvers: approversOf(approvers, "approvers", owner) }),
  });
}

function approversOf(options: ApproverOptions, field: string, owner: string): { users: string[]; groups: string[] } {
  requireOptions(options, `The ${field} of the ${owner}`, APPROVER_OPTIONS);
  const { users = [], groups = [] } = options;
  const known = [...users, ...groups];
  if (known.length > 0 && known.every((name) => typeof name === "string" && name !== "")) {
    return { users: [...users], groups: [...groups] };
  }
  const description = "must name at least one user or group, each in a text that is not empty";
  throw new AgentspanError("INVALID_REQUEST", `The ${field} of the ${owner} ${description}.`, {
    fields: [{ field, description }],
  });
}
