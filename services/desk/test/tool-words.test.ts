import { type Tool, ToolKind, ToolSchema } from "@agentspan/proto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { gateWords, queueOf } from "../src/agents/tool-words.js";

const tool = (said: MessageInitShape<typeof ToolSchema>): Tool => create(ToolSchema, { name: "pay", ...said });
const HOUR = { seconds: 3_600n };

it("says who carries a tool out", () => {
  expect(queueOf(tool({}), "shop")).toBe("shop");
  expect(queueOf(tool({ queue: "desk" }), "shop")).toBe("desk");
  expect(queueOf(tool({ kind: ToolKind.HUMAN }), "shop")).toBeUndefined();
  expect(queueOf(tool({ kind: ToolKind.AGENT }), "shop")).toBeUndefined();
});

it.each([
  ["asks nobody", {}, ["Nobody is asked."]],
  ["starts once", { once: true }, ["Nobody is asked. It starts at most once."]],
  ["asks each time", { approval: { required: true } }, ["A person approves each call."]],
  [
    "asks by a rule",
    { approval: { rule: "args.n > 1" } },
    ["A person approves calls for which this holds: args.n > 1"],
  ],
  ["is a question", { kind: ToolKind.HUMAN }, ["A person answers each call."]],
  [
    "has more to say",
    {
      approval: {
        ...{ required: true, votesRequired: 2, selfApproval: true, expiresIn: HOUR },
        approvers: { users: ["maria"], groups: ["finance"] },
      },
      preview: {},
    },
    [
      "A person approves each call.",
      "It takes 2 people.",
      "Only maria, the group finance may decide.",
      "Whoever started the run may decide too.",
      "It is open for 1 hour.",
      "Whoever decides is shown what it would do.",
    ],
  ],
])("a tool that %s is said to", (_, said, words) => {
  expect(gateWords(tool(said))).toEqual(words);
});
