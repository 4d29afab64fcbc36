// The commands about agents and workers: names, options and help.
import type { Command } from "commander";
import { examples, group, leaf } from "./command-parts.js";
import { countOf, withUrl } from "./options.js";
import type { Output } from "./output.js";

export function addFleet(root: Command, output: Output): void {
  const agents = group(root, "agents", "look at stored definitions of agents, and their versions");
  withUrl(leaf(agents, "list", "the agents of this namespace, by name"))
    .option("--limit <number>", "how many", countOf, 100)
    .option("--json", "for programs")
    .addHelpText("after", examples(["agents list", "agents list --json"]))
    .action(async (flags) => (await import("./commands/agents.js")).agentsList(flags, output));
  withUrl(leaf(agents, "show", "what an agent is, its tools, and the versions that it had"))
    .argument("<agent>", "its name")
    .argument("[version]", "or how it begins; the newest unless said")
    .option("--json", "for programs")
    .addHelpText("after", examples(["agents show refund_agent", "agents show refund_agent 4f2a"]))
    .action(async (agent, version, flags) =>
      (await import("./commands/agents.js")).agentsShow(agent, version, flags, output),
    );
  const workers = group(root, "workers", "see which workers there are, and who serves which tools");
  withUrl(leaf(workers, "list", "the worker processes of the last hour, and tools that nobody serves"))
    .option("--limit <number>", "how many processes, and how many tools", countOf, 1000)
    .option("--json", "for programs: workers, and every tool with who serves it")
    .addHelpText("after", examples(["workers list", "workers list --json"]))
    .action(async (flags) => (await import("./commands/workers.js")).workersList(flags, output));
}
