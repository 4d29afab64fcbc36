// The names of tools in a kit's script: one that no agent has says nothing, and the real function would run in its place.
import { nearestName } from "@agentspan/internal";
import type { Agent, AnyTool } from "../agent.js";
import { KitError } from "./kit-error.js";

export interface NamedTools {
  /** What stands in for functions, and what people decide, by the tool's name. */
  readonly tools: readonly string[];
  readonly decisions: readonly string[];
  /** Agents that the model has turns for. */
  readonly agentNames: readonly string[];
}

/** Throws KitError where a name is of no tool of these agents, or of one that the test cannot stand in for. */
export function requireToolNames(named: NamedTools, agents: readonly Agent[]): void {
  for (const name of named.tools) {
    const tool = toolOf(name, agents);
    if (tool !== undefined) requireFunction(tool);
  }
  // Others are to come, or were named only: a name may be one of theirs.
  if (named.agentNames.some((agentName) => agents.every(({ name }) => name !== agentName))) return;
  if (agents.some(({ tools }) => tools.some((tool) => tool.kind === "agent" && tool.agent === undefined))) return;
  for (const part of ["tools", "decisions"] as const) {
    for (const name of named[part]) {
      if (toolOf(name, agents) === undefined) throw unknown(part, name, agents);
    }
  }
}

/** The tool by that name; where several agents have one, rather one that a function carries out. */
function toolOf(name: string, agents: readonly Agent[]): AnyTool | undefined {
  const all = agents.flatMap(({ tools }) => tools.filter((tool) => tool.name === name));
  return all.find(({ kind }) => kind === "worker") ?? all[0];
}

function requireFunction({ kind, name }: AnyTool): void {
  if (kind === "worker") return;
  throw new KitError(
    kind === "human"
      ? `tools cannot stand in for ${name}, which asks people: say in decisions what they answer, as respond(answer).`
      : `tools cannot stand in for ${name}, which starts a run of another agent: give the turns of that agent's model, and stand in for its tools.`,
  );
}

function unknown(part: "tools" | "decisions", name: string, agents: readonly Agent[]): KitError {
  const known = [...new Set(agents.flatMap(({ tools }) => tools.map((tool) => tool.name)))];
  const near = nearestName(name, known, name.length < 6 ? 1 : 2);
  const have = known.length === 0 ? "They have no tools." : `Their tools are ${known.join(", ")}.`;
  const names = [...new Set(agents.map((agent) => agent.name))].join(", ");
  return new KitError(
    `${part} has ${JSON.stringify(name)}, and no tool of ${names} has that name. ${near === undefined ? have : `Did you mean ${near}?`}`,
  );
}
