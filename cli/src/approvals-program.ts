// The commands that show what waits for a person, beside its list: names, options and help.
import { type Command, Option } from "commander";
import { examples, leaf } from "./command-parts.js";
import { withUrl } from "./options.js";
import type { Output } from "./output.js";

export function addApprovalViews(approvals: Command, output: Output): void {
  withUrl(leaf(approvals, "show", "one of them with all that is known of it, also after it was decided"))
    .argument("<run>", "the run's id")
    .argument("[approval]", "which one, where several are open or none is")
    .option("--json", "for programs")
    .addHelpText("after", examples(["approvals show run_x7k2", "approvals show run_x7k2 apr_9f3 --json"]))
    .action(async (run, approval, flags) =>
      (await import("./commands/approvals-show.js")).approvalsShow(run, approval, flags, output),
    );
  withUrl(leaf(approvals, "watch", "an inbox in the terminal: what waits, as it comes, to look at and decide"))
    .option("--tool <name>", "only calls of this tool")
    .option("--agent <name>", "only of this agent")
    .option("--mine", "only what you may decide")
    .addOption(new Option("--assignee <person>", "only what they may decide by name").conflicts("mine"))
    .addOption(new Option("--group <group...>", "only what somebody of these may decide").conflicts("mine"))
    .option("--lines", "a line for each that opens, changes or closes, as where there is no terminal")
    .option("--json", "for programs: the same as JSON, one a line")
    .addHelpText("after", examples(["approvals watch", "approvals watch --mine", "approvals watch --json"]))
    .action(async (flags) => (await import("./commands/approvals-watch.js")).approvalsWatch(flags, output));
}
