// Which tools there are to expect something of: a name that nobody has is misspelt, and expects nothing.
import type { Agent } from "../agent.js";

/** Names of tools, as far as the definitions say them. */
export interface KnownTools {
  /** Of the run's own agent. */
  readonly own: readonly string[];
  /** Of each agent that it may start runs of, by the agent's name: its own, and those of the agents below it. */
  readonly below: Readonly<Record<string, readonly string[]>>;
}

export function knownTools(agent: Agent): KnownTools {
  const names = ({ tools }: Agent) => tools.map(({ name }) => name);
  const below = agent.below.map((other) => [other.name, [other, ...other.below].flatMap(names)] as const);
  return { own: names(agent), below: Object.fromEntries(below) };
}
