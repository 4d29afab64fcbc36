import { AgentDefinitionSchema } from "@agentspan/proto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { comparable } from "../src/agents/comparable.js";
import { differencesOf } from "../src/text/differences.js";
import { readJson } from "../src/text/json-text.js";

const agent = (more: MessageInitShape<typeof AgentDefinitionSchema>) =>
  comparable(create(AgentDefinitionSchema, { name: "shop", model: "demo/refund", ...more }));

function between(before: string, after: string) {
  const [was, is] = [readJson(before), readJson(after)];
  if (was === undefined || is === undefined) throw new Error("What is compared is JSON.");
  return differencesOf(was, is);
}

const schema = (most: string) => `{"type":"object","properties":{"n":{"maximum":${most}}}}`;

it("compares tools by their names, wherever they stand, and schemas by what they say, to the digit", () => {
  const [pay, look] = [
    { name: "pay", inputSchemaJson: schema("9007199254740993") },
    { name: "look", description: "a" },
  ];
  const before = agent({ instructions: "Be brief.", tools: [pay, look] });
  const after = agent({
    instructions: "Be kind.",
    tools: [
      look,
      { ...pay, inputSchemaJson: schema("9007199254740992"), approval: { required: true } },
      { name: "more" },
    ],
  });
  expect(between(before, after).map(({ place }) => place)).toEqual([
    "instructions",
    "tools.pay.inputSchema.properties.n.maximum",
    "tools.pay.approval",
    "tools.more",
  ]);
  expect(between(before, before)).toEqual([]);
});

it("compares what is no JSON as the text that it is, and a name that is no name", () => {
  const one = agent({ outputSchemaJson: "{", tools: [{ name: '"},"x":{"' }] });
  expect(readJson(one)).toBeDefined();
  expect(between(one, agent({ outputSchemaJson: "[", tools: [] })).map(({ place }) => place)).toEqual([
    "outputSchema",
    String.raw`tools."\"},\"x\":{\""`,
  ]);
});
