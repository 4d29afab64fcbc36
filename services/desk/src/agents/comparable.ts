// A definition as JSON in which two versions can be compared place by place: tools by their names and not by where they
// stand, and schemas as what they say and not as one long text.
import { type AgentDefinition, AgentDefinitionSchema, ToolSchema } from "@agentspan/proto";
import { create, toJson } from "@bufbuild/protobuf";
import { readJson } from "../text/json-text.js";

export function comparable(agent: AgentDefinition): string {
  const { tools, outputSchemaJson, ...rest } = agent;
  const facts = toJson(
    AgentDefinitionSchema,
    create(AgentDefinitionSchema, { ...rest, tools: [], outputSchemaJson: "" }),
  );
  const members = Object.entries(Object(facts)).map(([name, value]) => member(name, JSON.stringify(value)));
  const byName = tools.map((tool) => {
    const { inputSchemaJson, answerSchemaJson, name, ...said } = tool;
    const bare = toJson(
      ToolSchema,
      create(ToolSchema, { ...said, name: "", inputSchemaJson: "", answerSchemaJson: "" }),
    );
    const own = Object.entries(Object(bare)).map(([field, value]) => member(field, JSON.stringify(value)));
    return member(
      name,
      object([...own, ...schema("inputSchema", inputSchemaJson), ...schema("answerSchema", answerSchemaJson)]),
    );
  });
  return object([...members, ...schema("outputSchema", outputSchemaJson), member("tools", object(byName))]);
}

/** To the digit: it is put in as the text that it is. */
function schema(name: string, text: string): readonly string[] {
  if (text === "") return [];
  return [member(name, readJson(text) === undefined ? JSON.stringify(text) : text)];
}

function member(name: string, json: string): string {
  return `${JSON.stringify(name)}:${json}`;
}

function object(members: readonly string[]): string {
  return `{${members.join(",")}}`;
}
