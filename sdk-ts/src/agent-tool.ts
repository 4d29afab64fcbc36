import { Limits } from "@agentspan/internal";
import { ToolKind, type Tool as ToolMessage, ToolSchema } from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import type { z } from "zod";
import type { Agent } from "./agent.js";
import { type JsonSchema, schemaSource } from "./input-schema.js";
import { type OptionKinds, requireKind, requireOptions, shown } from "./option-check.js";
import { approvalOf, type GateOptions, requireName, requireSize } from "./tool.js";

export interface AgentToolOptions extends GateOptions {
  /** When the model should hand work to it, in words for it; at most 16 KiB. */
  readonly description: string;
  /** What the tool is called; the agent's name unless said. */
  readonly name?: string;
  /** One version of the agent; the newest at the time of the call unless said. */
  readonly version?: string;
  /** What a call says: `{ input: string }`, which is the run's input, where left out. Anything else is told as JSON. */
  readonly parameters?: z.ZodType | JsonSchema;
}

const AGENT_TOOL_OPTIONS: OptionKinds<AgentToolOptions> = {
  description: "text",
  name: "text",
  version: "text",
  parameters: "object",
  approvalRequired: "flag",
  approvalExplicit: "flag",
  approval: "anything",
};

/** A tool that starts runs of an agent, ready to be listed by another. No worker serves it. */
export interface AgentTool {
  readonly kind: "agent";
  readonly name: string;
  readonly approvalRequired: boolean;
  /** Undefined where it was named only. */
  readonly agent: Agent | undefined;
  /** As an agent's definition tells it. */
  readonly message: ToolMessage;
}

/**
 * Makes a tool of an agent. A call of it starts a run of that agent, for whoever started this one; the run's result is
 * the call's. It ends with this one, and its approvals are found and decided here too. An agent that is given itself is
 * stored, and its tools are served, with the agent that lists it.
 * Throws INVALID_REQUEST or LIMIT_EXCEEDED where the options cannot be used.
 *
 * @example
 * const desk = new Agent({ name: "desk", model, tools: [agentTool(refunds, { description: "Handles refunds." })] });
 */
export function agentTool(agent: Agent | string, options: AgentToolOptions): AgentTool {
  const agentName = typeof agent === "string" ? agent : agent?.name;
  requireKind(agentName, "text", "agent", "The agent of agentTool()");
  const owner = `tool ${shown(options?.name ?? agentName)}`;
  requireOptions(options, `The ${owner}`, AGENT_TOOL_OPTIONS, ["description"]);
  requireName(agentName, "an agent");
  const { name = agentName, description, version = "", parameters } = options;
  requireName(name, "a tool");
  requireSize(description, Limits.toolDescriptionBytes, `description of ${owner}`);
  const inputSchemaJson = parameters === undefined ? "" : schemaSource(parameters, `${owner}.parameters`).jsonText;
  requireSize(inputSchemaJson, Limits.toolSchemaBytes, `schema of ${owner}`);
  const approval = approvalOf(options, owner);
  const message = create(ToolSchema, {
    ...{ name, description, inputSchemaJson, kind: ToolKind.AGENT, agentName, agentVersion: version },
    ...(approval === undefined ? {} : { approval }),
  });
  const approvalRequired = approval?.required ?? false;
  return { kind: "agent", name, approvalRequired, agent: typeof agent === "string" ? undefined : agent, message };
}
