import { readFileSync } from "node:fs";
import { ApprovalPolicySchema, OnExpiry } from "@agentspan/proto";
import { toJson } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { Agent } from "../src/agent.js";
import type { PreviewContext } from "../src/preview.js";
import { type Tool, tool } from "../src/tool.js";

const options = { name: "pay_out", description: "Pays.", inputSchema: { type: "object" } };

describe("docs/approvals.md", () => {
  const page = readFileSync(new URL("../../docs/approvals.md", import.meta.url), "utf8");
  const block = (language: string) => new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, "su").exec(page)?.[1] ?? "";

  it("says the same in the SDK's form and in the definition's", () => {
    const approval = {
      rule: "args.amount > 100",
      approvers: { users: ["maria"], groups: ["finance"] },
      votes: 2,
      expiresIn: "1d",
      onExpiry: "escalate",
      escalateTo: { groups: ["board"] },
      remindEvery: "4h",
    } as const;
    const written = block("ts").replace(/\s/gu, "");
    for (const [key, value] of Object.entries(approval)) {
      const text = JSON.stringify(value)
        .replaceAll(/"(\w+)":/gu, "$1:")
        .replace(/\s/gu, "");
      expect(written).toContain(`${key}:${text}`);
    }
    const { message } = tool(() => null, { ...options, approval });
    expect(message.approval && toJson(ApprovalPolicySchema, message.approval)).toEqual(JSON.parse(block("json")));
  });

  it("has a tool that shows what it would do, and does not do it", async () => {
    const [, after = ""] = page.split("## Previews");
    const code = /```ts\n(.*?)```/su.exec(after)?.[1] ?? "";
    const adjusted: unknown[] = [];
    const bank = {
      read: async (account: string) => ({ owner: account, balance: 50 }),
      adjust: (...args: unknown[]) => adjusted.push(args),
    };
    const build = new Function("tool", "z", "bank", `${code}; return adjust;`);
    const adjust = build(tool, z, bank) as Tool;
    expect(adjust.message.preview?.fields).toEqual(["after.balance"]);
    expect(await adjust.preview?.({ account: "ana", amount: 10 }, {} as PreviewContext)).toEqual({
      before: { owner: "ana", balance: 50 },
      after: { owner: "ana", balance: 60 },
    });
    expect(adjusted).toEqual([]);
  });
});

describe("the approval of a tool", () => {
  it("is said in a word, or in the old options", () => {
    for (const more of [
      { approval: true },
      { approvalRequired: true },
      { approval: true, approvalRequired: true },
    ] as const) {
      const made = tool(() => null, { ...options, ...more });
      expect(made.approvalRequired).toBe(true);
      expect(made.message.approval).toMatchObject({ required: true, explicit: false, votesRequired: 0 });
    }
  });

  it("says who may approve, and how many must", () => {
    const approval = {
      explicit: true,
      approvers: { users: ["maria"], groups: ["finance"] },
      selfApproval: true,
    };
    expect(tool(() => null, { ...options, approval: { ...approval, votes: 2 } }).message.approval).toMatchObject({
      required: true,
      votesRequired: 2,
      ...approval,
    });
  });

  it("is not guessed at where it is misspelt, or names nobody", () => {
    const made = (approval: object) => () => tool(() => null, { ...options, approval });
    expect(made({ aprovers: { users: ["maria"] } })).toThrow("Did you mean approvers?");
    expect(made({ approvers: {} })).toThrow("must name at least one user or group");
    expect(made({ approvers: { users: [""] } })).toThrow("must name at least one user or group");
    expect(made({ approvers: { users: "maria" } })).toThrow("a list");
    expect(made({ approvers: { groups: ["a", "b "] } })).toThrow("approvers.groups[1] of the tool");
    expect(() => tool(() => null, { ...options, approval: false as never })).toThrow("it must be an object");
    expect(() => tool(() => null, { ...options, approval: {}, approvalExplicit: true })).toThrow("said as explicit");
  });

  it("says what happens when nobody decides in time", () => {
    const approval = {
      expiresIn: "1h",
      onExpiry: "escalate",
      escalateTo: { users: ["ceo"] },
      remindEvery: "1d",
    } as const;
    expect(tool(() => null, { ...options, approval }).message.approval).toMatchObject({
      expiresIn: { seconds: 3_600n },
      onExpiry: OnExpiry.ESCALATE,
      escalateTo: { users: ["ceo"], groups: [] },
      remindEvery: { seconds: 86_400n },
    });
    const made = (more: object) => () => tool(() => null, { ...options, approval: more });
    expect(made({ onExpiry: "fail" })).toThrow("set expiresIn as well");
    expect(made({ expiresIn: "1h", onExpiry: "approve" })).toThrow('must be "reject", "fail" or "escalate"');
    expect(made({ expiresIn: "1h", onExpiry: "escalate" })).toThrow("which needs it");
    expect(made({ expiresIn: "1h", escalationExpiresIn: "1h" })).toThrow('goes with onExpiry "escalate"');
  });

  it("may be a rule, which says which calls wait", () => {
    const made = tool(() => null, { ...options, approval: { rule: "args.amount > 100", votes: 2 } });
    expect(made.approvalRequired).toBe(false);
    expect(made.message.approval).toMatchObject({ required: false, rule: "args.amount > 100", votesRequired: 2 });
    expect(new Agent({ name: "a", model: "openai/gpt", tools: [made] }).definition.tools).toEqual([made.message]);
    const bad = (more: object) => () => tool(() => null, { ...options, ...more });
    expect(bad({ approval: { rule: "amount > 100" } })).toThrow("there are args and labels");
    expect(bad({ approval: { rule: "true" }, approvalRequired: true })).toThrow("makes every call wait");
    const probe = () => ({ happened: false }) as const;
    expect(bad({ approval: { rule: "args.amount > 100" }, probe })).not.toThrow();
  });
});
