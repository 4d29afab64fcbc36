// Tools with policies, and the stories that come to them; the desk's workers serve them.
import { MODEL } from "@agentspan/e2e";
import { Agent, type ApprovalOptions, tool } from "@agentspan/sdk";
import type { Random } from "../random.js";
import type { Story } from "../stories.js";

export const POLICIES_AGENT = "policies";

const FINANCE = { groups: ["finance"] } as const;

/** By tool. get_customer takes four eyes, report goes to others in time, errand is rejected by it, email takes grants. */
const POLICIES: Readonly<Record<string, ApprovalOptions>> = {
  get_customer: { votes: 2, approvers: { users: ["zoe"], groups: ["finance"] } },
  report: {
    approvers: FINANCE,
    expiresIn: "2s",
    onExpiry: "escalate",
    escalateTo: { users: ["ceo"] },
    escalationExpiresIn: "600s",
  },
  errand: { approvers: FINANCE, expiresIn: "1500ms", onExpiry: "reject" },
  email: { approvers: FINANCE },
};
export const POLICY_TOOLS: readonly string[] = Object.keys(POLICIES);

/** What grants allow: emails that cost no more. */
export const GRANTED_AMOUNT = 50;
export const GRANTED_RULE = `args.amount <= ${GRANTED_AMOUNT}`;

export const policiesAgent = new Agent({
  name: POLICIES_AGENT,
  model: MODEL,
  tools: Object.entries(POLICIES).map(([name, approval]) =>
    tool(() => undefined, {
      name,
      description: name,
      inputSchema: { type: "object" },
      queue: "desk",
      approval,
    }),
  ),
});

const DONE = { text: "done" } as const;
const takes = (random: Random) => ({ takes: random.between(0, 200) });
const email = (random: Random) => ({ tool: "email", args: { ...takes(random), amount: random.between(1, 80) } });

export const POLICY_STORIES: readonly Story[] = [
  {
    name: "four eyes",
    weight: 4,
    policies: true,
    steps: (r) => [{ calls: [{ tool: "get_customer", args: takes(r) }] }, DONE],
  },
  {
    name: "an approval that goes to others",
    weight: 3,
    policies: true,
    dawdles: true,
    steps: (r) => [{ calls: [{ tool: "report", args: takes(r) }] }, DONE],
  },
  {
    name: "an approval that is over in time",
    weight: 3,
    policies: true,
    dawdles: true,
    steps: (r) => [{ calls: [{ tool: "errand", args: takes(r) }] }, DONE],
  },
  {
    name: "emails that a standing grant may allow",
    weight: 8,
    policies: true,
    steps: (r) => [{ calls: [email(r), email(r)] }, { calls: [email(r)] }, DONE],
  },
];
