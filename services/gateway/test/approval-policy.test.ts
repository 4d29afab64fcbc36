import type { AgentspanError } from "@agentspan/internal";
import {
  type ApprovalPolicySchema,
  CreateGrantRequestSchema,
  ListGrantsRequestSchema,
  OnExpiry,
  PutAgentRequestSchema,
  RevokeGrantRequestSchema,
  StartRequestSchema,
  ToolKind,
  type Tool as ToolMessage,
  type ToolSchema,
} from "@agentspan/proto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { checkPutAgent } from "../src/validation/agent.js";
import { checkCreateGrant, checkListGrants, checkRevokeGrant } from "../src/validation/grant.js";
import { checkStart } from "../src/validation/run.js";

type Policy = MessageInitShape<typeof ApprovalPolicySchema>;

const payTool = (approval: Policy, more: Exclude<MessageInitShape<typeof ToolSchema>, ToolMessage> = {}) => ({
  ...{ name: "pay", inputSchemaJson: '{"type":"object"}', approval },
  ...more,
});

const put = (approval: Policy, more?: Parameters<typeof payTool>[1]) => () => {
  const tools = [payTool(approval, more)];
  checkPutAgent(create(PutAgentRequestSchema, { agent: { name: "helper", model: "openai/gpt-4o-mini", tools } }));
};

function faultsOf(check: () => void): readonly string[] {
  try {
    check();
  } catch (error) {
    return (error as AgentspanError).fields.map(({ field, description }) => `${field} ${description}`);
  }
  throw new Error("Nothing was at fault");
}

const AT = "agent.tools[0].approval";

describe("who may approve a tool's calls", () => {
  it("is anybody, people by name, groups, and as many of them as can vote", () => {
    expect(put({ required: true })).not.toThrow();
    expect(put({ required: true, approvers: { users: ["maria"] }, selfApproval: true })).not.toThrow();
    expect(put({ required: true, votesRequired: 2, approvers: { users: ["maria", "noah"] } })).not.toThrow();
    expect(put({ required: true, votesRequired: 16, approvers: { groups: ["finance"] } })).not.toThrow();
    expect(put({ required: true, approvers: { users: Array.from({ length: 64 }, (_, i) => `u${i}`) } })).not.toThrow();
  });

  it("is never nobody, and never fewer people than must vote", () => {
    expect(faultsOf(put({ required: true, approvers: {} }))).toEqual([
      `${AT}.approvers must name at least one user or group; leave it out for everybody who may approve`,
    ]);
    expect(faultsOf(put({ required: true, votesRequired: 2, approvers: { users: ["maria", "maria"] } }))).toEqual([
      `${AT}.approvers name 1 person, and votesRequired is 2`,
    ]);
    expect(faultsOf(put({ required: true, votesRequired: 17 }))).toEqual([
      `${AT}.votesRequired must be at most 16; 0 takes 1`,
    ]);
  });

  it("is asked at all: a policy that lets every call run is refused, and says so", () => {
    const description = "lets every call run unasked: set required, or a rule";
    const seconds = { seconds: 60n, nanos: 0 };
    const said: [string, Policy][] = [
      ["explicit", { explicit: true }],
      ["approvers", { approvers: { groups: ["finance"] } }],
      ["votesRequired", { votesRequired: 1 }],
      ["selfApproval", { selfApproval: true }],
      ["expiresIn, onExpiry", { expiresIn: seconds, onExpiry: OnExpiry.FAIL }],
      ["remindEvery", { remindEvery: seconds }],
    ];
    for (const [fields, policy] of said) {
      expect(faultsOf(put(policy))).toEqual([`${AT} says ${fields}, and ${description}`]);
      expect(put({ ...policy, rule: "args.amount > 1" })).not.toThrow();
      expect(put(policy, { once: true })).not.toThrow();
      if (fields !== "selfApproval") expect(put(policy, { kind: ToolKind.HUMAN })).not.toThrow();
    }
    expect(put({})).not.toThrow();
    const agent = { name: "helper", model: "openai/gpt-4o-mini", tools: [payTool({ votesRequired: 2 })] };
    const start = create(StartRequestSchema, { source: { case: "agent", value: agent } });
    expect(faultsOf(() => checkStart(start))).toEqual([`${AT} says votesRequired, and ${description}`]);
  });

  it("is told by names that somebody can have", () => {
    expect(
      faultsOf(put({ required: true, approvers: { users: ["", "maria "], groups: ["g".repeat(257), "a\u200b"] } })),
    ).toEqual([
      `${AT}.approvers.users[0] is empty`,
      `${AT}.approvers.users[1] must not begin or end with a blank`,
      `${AT}.approvers.groups[0] must be at most 256 bytes`,
      `${AT}.approvers.groups[1] has the character U+200B, which nobody sees`,
    ]);
    const many = Array.from({ length: 65 }, (_, i) => `u${i}`);
    expect(faultsOf(put({ required: true, approvers: { users: many } }))[0]).toContain("the limit approvers is 64");
  });
});

describe("what time does to an approval", () => {
  const seconds = (value: number) => ({ seconds: BigInt(value), nanos: 0 });
  const escalateTo = { users: ["ceo"] };

  it("is nothing, a rejection, the run's end, or others' turn", () => {
    expect(put({ required: true, expiresIn: seconds(1), remindEvery: seconds(60) })).not.toThrow();
    expect(put({ required: true, expiresIn: seconds(60), onExpiry: OnExpiry.FAIL })).not.toThrow();
    const escalates = { expiresIn: seconds(60), onExpiry: OnExpiry.ESCALATE, escalateTo };
    expect(put({ required: true, ...escalates })).not.toThrow();
    expect(put({ required: true, ...escalates, escalationExpiresIn: seconds(5) })).not.toThrow();
  });

  it("is not said by halves", () => {
    expect(faultsOf(put({ required: true, onExpiry: OnExpiry.FAIL }))).toEqual([`${AT}.onExpiry goes with expiresIn`]);
    expect(faultsOf(put({ required: true, expiresIn: seconds(9), onExpiry: OnExpiry.ESCALATE }))).toEqual([
      `${AT}.escalateTo is required with ESCALATE`,
    ]);
    expect(
      faultsOf(put({ required: true, expiresIn: seconds(9), escalateTo, escalationExpiresIn: seconds(9) })),
    ).toEqual([`${AT}.escalateTo goes with ESCALATE only`, `${AT}.escalationExpiresIn goes with ESCALATE only`]);
    const alone = { expiresIn: seconds(9), onExpiry: OnExpiry.ESCALATE, escalateTo, votesRequired: 2 };
    expect(faultsOf(put({ required: true, ...alone }))).toEqual([
      `${AT}.escalateTo name 1 person, and votesRequired is 2`,
    ]);
    expect(faultsOf(put({ required: true, expiresIn: seconds(9), onExpiry: 9 as OnExpiry }))).toEqual([
      `${AT}.onExpiry is 9, which this server does not know`,
    ]);
  });

  it("does not strike at once, and people are not reminded all the time", () => {
    expect(faultsOf(put({ required: true, expiresIn: { seconds: 0n, nanos: 1 } }))).toEqual([
      `${AT}.expiresIn must be at least 1 s`,
    ]);
    expect(faultsOf(put({ required: true, remindEvery: seconds(59) }))).toEqual([
      `${AT}.remindEvery must be at least 60 s`,
    ]);
  });
});

describe("a rule", () => {
  it("is CEL over the arguments and the labels", () => {
    expect(put({ rule: 'args.amount > 100 && labels.env == "prod"' })).not.toThrow();
    expect(put({ rule: `args.a == "${"x".repeat(4_000)}"`, votesRequired: 2 })).not.toThrow();
  });

  it("is refused where it cannot be read, names what is not there, is too long, or is not needed", () => {
    expect(faultsOf(put({ rule: "args.amount >" }))[0]).toMatch(/approval\.rule is not a rule that can be asked: /u);
    expect(faultsOf(put({ rule: "amount > 100" }))[0]).toMatch(/it names amount, and there are args and labels/u);
    expect(faultsOf(put({ rule: "args" }))[0]).toContain("it gives all of the arguments, and never true or false");
    expect(faultsOf(put({ rule: "x".repeat(4_097) }))[0]).toContain("the limit ruleBytes is 4096");
    expect(faultsOf(put({ rule: "true", required: true }))).toEqual([
      `${AT}.rule says which calls wait, and with required all of them do`,
    ]);
  });
});

describe("a standing grant", () => {
  const now = Date.UTC(2026, 0, 1);
  const made = (init: MessageInitShape<typeof CreateGrantRequestSchema>) => () =>
    checkCreateGrant(
      create(CreateGrantRequestSchema, {
        ...{ agentName: "desk", toolName: "pay", maxUses: 5, expiresAt: timestampFromMs(now + 1) },
        ...init,
      }),
      now,
    );

  it("is of one tool of one agent, ends, and is used up", () => {
    expect(made({})).not.toThrow();
    expect(made({ rule: "args.amount < 100", description: "small ones", onBehalfOf: "maria" })).not.toThrow();
    expect(faultsOf(made({ agentName: "", toolName: "a b", maxUses: 0 }))).toHaveLength(3);
    expect(faultsOf(made({ expiresAt: timestampFromMs(now) }))[0]).toContain("must lie in the future");
    expect(faultsOf(made({ maxUses: 100_001 }))).toEqual(["maxUses must be at most 100000"]);
    expect(faultsOf(made({ rule: "amount < 100" }))[0]).toContain("not a rule that can be asked");
    expect(faultsOf(made({ rule: "args" }))[0]).toContain("it gives all of the arguments, and never true or false");
  });

  it("is listed and revoked by names and ids that can be", () => {
    expect(() => checkListGrants(create(ListGrantsRequestSchema, { agentName: "desk", pageSize: 9 }))).not.toThrow();
    expect(faultsOf(() => checkListGrants(create(ListGrantsRequestSchema, { pageSize: 1_001 })))).toHaveLength(1);
    expect(faultsOf(() => checkRevokeGrant(create(RevokeGrantRequestSchema, { grantId: "a.b" })))).toHaveLength(1);
  });
});
