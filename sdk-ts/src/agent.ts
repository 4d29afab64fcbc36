import { AgentspanError, Limits } from "@agentspan/internal";
import { type AgentDefinition, AgentDefinitionSchema, ToolKind } from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { z } from "zod";
import type { AgentTool } from "./agent-tool.js";
import { type Duration, toMilliseconds } from "./duration.js";
import type { HumanTool } from "./human-tool.js";
import { type JsonSchema, schemaSource } from "./input-schema.js";
import { type OptionKinds, requireOptions, shown } from "./option-check.js";
import { requireName, requireSize, type Tool } from "./tool.js";

/** What an agent's model may call, by whoever carries it out. */
export type AnyTool = Tool | HumanTool | AgentTool;

export interface AgentOptions {
  /** Letters, digits, '_' and '-', at most 64, not beginning with a digit or '-'. */
  readonly name: string;
  /** "provider/model", for example "openai/gpt-4o-mini". */
  readonly model: string;
  readonly tools?: readonly AnyTool[];
  /** The system prompt, at most 256 KiB. */
  readonly instructions?: string;
  /** Model replies before a run fails with MAX_TURNS; 25 unless said. */
  readonly maxTurns?: number;
  /** 0 to 2; the model's own where unset. */
  readonly temperature?: number;
  /** The most tokens of one model reply; the model's own limit where unset. */
  readonly maxTokens?: number;
  /** What the final answer must satisfy; free text where unset. At most 64 KiB as JSON Schema. */
  readonly outputSchema?: z.ZodType | JsonSchema;
  /** How long a run may take, not counting time it waits for people; no limit where unset. */
  readonly deadline?: Duration;
  readonly labels?: Readonly<Record<string, string>>;
}

const AGENT_OPTIONS: OptionKinds<AgentOptions> = {
  name: "text",
  model: "text",
  tools: "list",
  instructions: "text",
  maxTurns: "count",
  temperature: "number",
  maxTokens: "count",
  outputSchema: "object",
  deadline: "duration",
  labels: "texts",
};

/**
 * A model, instructions and tools. Making one does nothing: `start`, `run`, `stream` and `serve` take it.
 * Throws INVALID_REQUEST or LIMIT_EXCEEDED where the options cannot be used.
 */
export class Agent {
  readonly name: string;
  readonly tools: readonly AnyTool[];
  /** As the server stores it. */
  readonly definition: AgentDefinition;

  constructor(options: AgentOptions) {
    const owner = `agent ${shown(options?.name)}`;
    requireOptions(options, `The ${owner}`, AGENT_OPTIONS, ["name", "model"]);
    requireName(options.name, "an agent");
    this.name = options.name;
    this.tools = [...(options.tools ?? [])];
    requireTools(this.tools, owner);
    if (!/^[^/\s]+\/\S+$/.test(options.model)) {
      const rule = 'must be "provider/model", for example "openai/gpt-4o-mini"';
      throw new AgentspanError("INVALID_REQUEST", `The model ${JSON.stringify(options.model)} of ${owner} ${rule}.`, {
        fields: [{ field: "model", description: rule }],
      });
    }
    requireSize(options.instructions ?? "", Limits.instructionsBytes, `instructions of ${owner}`);
    this.definition = create(AgentDefinitionSchema, {
      name: options.name,
      model: options.model,
      instructions: options.instructions ?? "",
      tools: this.tools.map((tool) => tool.message),
      maxTurns: options.maxTurns ?? 0,
      outputSchemaJson: options.outputSchema
        ? schemaSource(options.outputSchema, `${owner}.outputSchema`).jsonText
        : "",
      labels: { ...options.labels },
    });
    if (options.temperature !== undefined) this.definition.temperature = options.temperature;
    if (options.maxTokens !== undefined) this.definition.maxTokens = options.maxTokens;
    if (options.deadline !== undefined) {
      this.definition.deadline = durationFromMs(toMilliseconds(options.deadline, `${owner}.deadline`));
    }
  }

  /** The tools that workers serve. */
  get served(): readonly Tool[] {
    return this.tools.filter((tool) => tool.kind === "worker");
  }

  /** The agents that its tools start runs of, and theirs, each once. */
  get below(): readonly Agent[] {
    const agents = this.tools.flatMap((tool) => (tool.kind === "agent" && tool.agent !== undefined ? tool.agent : []));
    return [...new Set(agents.flatMap((agent) => [...agent.below, agent]))];
  }

  /** Where workers take calls of this tool. */
  queueOf(tool: Tool): string {
    return tool.queue ?? this.name;
  }
}

/** What tool() made, unchanged: a copy with another gate would tell the server one thing and the worker another. */
function isTool(tool: AnyTool | undefined): boolean {
  const message = tool?.message;
  if (message?.$typeName !== "agentspan.v1.Tool" || tool?.name !== message.name) return false;
  if (tool.kind === "human") return message.kind === ToolKind.HUMAN;
  if (tool.kind === "agent") {
    return message.kind === ToolKind.AGENT && tool.approvalRequired === (message.approval?.required ?? false);
  }
  return (
    message.kind === ToolKind.UNSPECIFIED &&
    tool.approvalRequired === (message.approval?.required ?? false) &&
    tool.once === message.once
  );
}

function requireTools(tools: readonly AnyTool[], owner: string): void {
  const other = tools.findIndex((tool) => !isTool(tool));
  if (other >= 0) {
    const field = `tools[${other}]`;
    const description = "is not what tool(), humanTool() or agentTool() returns";
    throw new AgentspanError("INVALID_REQUEST", `The ${field} of ${owner} ${description}: make it with one of them.`, {
      fields: [{ field, description }],
    });
  }
  if (tools.length > Limits.toolsPerAgent) {
    throw new AgentspanError(
      "LIMIT_EXCEEDED",
      `${owner} has ${tools.length} tools; the limit is ${Limits.toolsPerAgent}.`,
      {
        metadata: { limit: String(Limits.toolsPerAgent), size: String(tools.length) },
      },
    );
  }
  const names = tools.map((tool) => tool.name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new AgentspanError(
      "INVALID_REQUEST",
      `${owner} has two tools named ${JSON.stringify(twice)}; names are distinct.`,
    );
  }
}
