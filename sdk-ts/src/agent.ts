import { AgentspanError, Limits } from "@agentspan/internal";
import { type AgentDefinition, AgentDefinitionSchema } from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { z } from "zod";
import { type Duration, toMilliseconds } from "./duration.js";
import { type JsonSchema, schemaSource } from "./input-schema.js";
import { requireName, requireSize, type Tool } from "./tool.js";

export interface AgentOptions {
  /** Letters, digits, '_' and '-', at most 64, not beginning with a digit or '-'. */
  readonly name: string;
  /** "provider/model", for example "openai/gpt-4o-mini". */
  readonly model: string;
  readonly tools?: readonly Tool[];
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

/**
 * A model, instructions and tools. Making one does nothing: `start`, `run`, `stream` and `serve` take it.
 * Throws INVALID_REQUEST or LIMIT_EXCEEDED where the options cannot be used.
 */
export class Agent {
  readonly name: string;
  readonly tools: readonly Tool[];
  /** As the server stores it. */
  readonly definition: AgentDefinition;

  constructor(options: AgentOptions) {
    requireName(options.name, "agent");
    const owner = `agent ${JSON.stringify(options.name)}`;
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

  /** Where workers take calls of this tool. */
  queueOf(tool: Tool): string {
    return tool.queue ?? this.name;
  }
}

function requireTools(tools: readonly Tool[], owner: string): void {
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
