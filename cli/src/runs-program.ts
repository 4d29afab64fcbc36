// The commands about runs: names, options and help.
import { type Command, Option } from "commander";
import { examples, group, leaf } from "./command-parts.js";
import { countOf, instantOf, linesOf, sequenceOf, withUrl } from "./options.js";
import type { Output } from "./output.js";

const STATES = ["RUNNING", "WAITING", "PAUSED", "COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT"] as const;

/** At the end of the help of what follows a run. */
export const RUN_EXIT_CODES =
  "Exits with 0 where the run completed, with 4 where it failed, with 5 where it was cancelled, and with 6 where it timed out.";

export function addRuns(root: Command, output: Output): void {
  const runs = group(root, "runs", "look at runs, and cancel them");
  withUrl(leaf(runs, "list", "the newest runs"))
    .addOption(new Option("--state <state...>", "only in these states").choices(STATES))
    .option("--agent <name>", "only of this agent")
    .option("--limit <number>", "how many", countOf, 20)
    .option("--json", "for programs")
    .addHelpText("after", examples(["runs list --state WAITING", "runs list --agent refund_agent --json"]))
    .action(async (flags) => (await import("./commands/runs.js")).runsList(flags, output));
  withUrl(leaf(runs, "show", "where a run stands, and what it waits for"))
    .argument("<run>", "its id")
    .option("--json", "for programs")
    .addHelpText("after", examples(["runs show run_x7k2"]))
    .action(async (run, flags) => (await import("./commands/runs.js")).runsShow(run, flags, output));
  withUrl(leaf(runs, "events", "what happened to a run"))
    .argument("<run>", "its id")
    .option("--follow", "also what comes, until the run ends")
    .option("--after <sequence>", "only later ones than this", sequenceOf, 0)
    .option("--json", "for programs: one event a line")
    .addHelpText("after", examples(["runs events run_x7k2 --follow", "runs events run_x7k2 --json"]))
    .action(async (run, flags) => (await import("./commands/runs.js")).runsEvents(run, flags, output));
  withUrl(leaf(runs, "tail", "follow a run to its end, and end as it does"))
    .argument("<run>", "its id")
    .option("-n, --lines <number>", "how many of the events so far come first", linesOf, 10)
    .option("--json", "for programs: one event a line")
    .addHelpText("after", examples(["runs tail run_x7k2", "runs tail run_x7k2 -n 0 --json"]))
    .addHelpText("after", `\n${RUN_EXIT_CODES}`)
    .action(async (run, flags) => (await import("./commands/runs.js")).runsTail(run, flags, output));
  withUrl(leaf(runs, "cancel", "end a run"))
    .argument("<run>", "its id")
    .option("--reason <text>", "kept on record")
    .option("--json", "for programs: where it stands then")
    .addHelpText("after", examples(['runs cancel run_x7k2 --reason "duplicate"']))
    .action(async (run, flags) => (await import("./commands/runs.js")).runsCancel(run, flags, output));
  addHistories(runs, output);
}

function addHistories(runs: Command, output: Output): void {
  withUrl(leaf(runs, "export", "a run's history, which can be replayed"))
    .argument("<run>", "its id; the runs that it started are exported with it")
    .option("--out <file>", "a new file for it, in place of the terminal")
    .option("--so-far", "also of a run that has not ended")
    .addHelpText("after", examples(["runs export run_x7k2 --out refund-approved.jsonl"]))
    .addHelpText(
      "after",
      "\nA history holds inputs, arguments and results as they were: look at it before you share it.",
    )
    .action(async (run, flags) => (await import("./commands/runs-export.js")).runsExport(run, flags, output));
  leaf(runs, "replay", "carry an exported run out again by a definition of today; asks no server")
    .argument("<file>", "what runs export wrote")
    .requiredOption(
      "--agent <definition>",
      "the definition as JSON, a file or -; again for each agent that it starts runs of",
      allOf,
    )
    .option("--strict", "what the model is told otherwise is a difference too")
    .option("--json", "for programs")
    .addHelpText("after", examples(["runs replay refund-approved.jsonl --agent refund-agent.json"]))
    .addHelpText(
      "after",
      "\nExits with 0 where all goes as recorded, with 1 where it goes otherwise, and with 2 where that cannot be told.",
    )
    .action(async (file, flags) => (await import("./commands/runs-replay.js")).runsReplay(file, flags, output));
  withUrl(leaf(runs, "rehearse", "what a policy would have made of the calls of the past, before it is switched on"))
    .requiredOption(
      "--policy <file>",
      "a tool's approval as its definition would have it, or the tool with it, as JSON",
    )
    .option("--tool <name>", "calls of this tool, where the file does not say")
    .option("--agent <name>", "only of this agent")
    .option("--since <time>", "only of runs that were started then or later, such as 2026-11-25", instantOf)
    .option("--json", "for programs")
    .addHelpText("after", examples(["runs rehearse --policy refund-policy.json --tool process_refund"]))
    .action(async (flags) => (await import("./commands/runs-rehearse.js")).runsRehearse(flags, output));
}

/** Of an option that may come again; a list of words would take the argument behind it, too. */
function allOf(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}
