// The command that runs an agent of a file: name, options and help.
import type { Command } from "commander";
import { examples, leaf } from "./command-parts.js";
import { withUrl } from "./options.js";
import type { Output } from "./output.js";
import { RUN_EXIT_CODES } from "./runs-program.js";

export function addRun(root: Command, output: Output): void {
  withUrl(leaf(root, "run", "run an agent of a file to its end, and ask here for what waits for a person"))
    .argument("<file>", "exports an agent, or is a program of its own, or a definition as JSON or YAML")
    .argument("[input]", "what the agent is to do; - or nothing takes it from the standard input")
    .option("--agent <name>", "which one, of a file that exports several")
    .option(
      "--nats-url <url>",
      "where the file's tools are served (AGENTSPAN_NATS_URL, or the server's here, unless said)",
    )
    .option("--json", "for programs: one event a line, and nobody is asked")
    .addHelpText("after", examples(['run refund.mjs "Refund ORD-8821"', "run agent.yaml < task.txt", "run refund.py"]))
    .addHelpText("after", `\n${RUN_EXIT_CODES}\nA program of its own ends with its own exit code.`)
    .action(async (file, input, flags) => (await import("./commands/run.js")).runFile(file, input, flags, output));
}
