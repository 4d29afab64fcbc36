// The commands that show what waits for a person, beside its list: names, options and help.
import type { Command } from "commander";
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
}
