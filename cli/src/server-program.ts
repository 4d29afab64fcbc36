// The commands about the server of this machine, beside its start: names, options and help.
import { type Command, InvalidArgumentError, Option } from "commander";
import { examples, leaf } from "./command-parts.js";
import { durationOf, folderOf, instantOf, linesOf, withUrl } from "./options.js";
import type { Output } from "./output.js";

/** Whose logs there are; a test compares them with those of the stack, which are slow to load. */
export const LOGS = ["server", "nats", "mongodb", "orchestrator", "gateway"] as const;

export function addServerCare(server: Command, output: Output): void {
  withData(leaf(server, "status", "what runs on this data: processes, addresses, since when, and whether it answers"))
    .option("--json", "for programs")
    .addHelpText("after", examples(["server status", "server status --data ./agentspan-data --json"]))
    .addHelpText(
      "after",
      "\nExits with 0 where it takes requests, with 1 where it runs and does not, and with 3 where nothing runs.",
    )
    .action(async (flags) => (await import("./commands/server-status.js")).serverStatus(flags, output));
  withData(leaf(server, "stop", "stop what runs on this data, as Ctrl-C does; runs wait in the data"))
    .option("--timeout <time>", "how long it may take before it is ended at once", durationOf, "30s")
    .option("--json", "for programs")
    .addHelpText("after", examples(["server stop", "server stop --timeout 2m"]))
    .action(async (flags) => (await import("./commands/server-stop.js")).serverStop(flags, output));
  withData(leaf(server, "logs", "what its processes have logged, in the order of time"))
    .addOption(new Option("--of <process...>", "only of these").choices(LOGS))
    .option("-n, --lines <number>", "how many of the last lines; all of them with --since unless said", linesOf)
    .option(
      "--since <time>",
      "only from then on: a time such as 2026-11-25T08:00:00Z, or so long ago, such as 10m",
      sinceOf,
    )
    .option("-f, --follow", "also what comes, until Ctrl-C, over stops and starts")
    .addHelpText(
      "after",
      examples(["server logs", "server logs --follow --of orchestrator", "server logs --since 10m"]),
    )
    .action(async (flags) => (await import("./commands/server-logs.js")).serverLogs(flags, output));
}

export function addDoctor(root: Command, output: Output): void {
  withUrl(withData(leaf(root, "doctor", "what is missing here, or wrong, and how to get it")))
    .option("--json", "for programs")
    .addHelpText("after", examples(["doctor", "doctor --profile staging", "doctor --json"]))
    .addHelpText("after", "\nExits with 0 where all is there, and with 1 where something is missing or wrong.")
    .action(async (flags) => (await import("./commands/doctor.js")).doctor(flags, output));
}

function withData(command: Command): Command {
  return command.option(
    "--data <folder>",
    "its data, as server start has it (a folder in your home unless said)",
    folderOf,
  );
}

/** The milliseconds of an instant, or of so long ago. */
function sinceOf(text: string): number {
  try {
    return Date.parse(instantOf(text));
  } catch {
    const [, number = "", unit = ""] = /^(\d{1,6})(s|m|h|d)$/.exec(text) ?? [];
    const ms = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit];
    if (ms !== undefined) return Date.now() - Number(number) * ms;
    throw new InvalidArgumentError("It must be a time such as 2026-11-25T08:00:00Z, or so long ago, such as 10m.");
  }
}
