// The command that makes a link to an approval: name, options and help.
import type { Command } from "commander";
import { examples, leaf } from "./command-parts.js";
import { durationOf, withUrl } from "./options.js";
import type { Output } from "./output.js";

export function addApprovalLink(approvals: Command, output: Output): void {
  withUrl(leaf(approvals, "link", "make a link by which one person decides an approval, once"))
    .argument("<run>", "the run's id")
    .argument("[approval]", "which one, where several are open")
    .requiredOption("--to <person>", "who decides by it, named as their credential names them")
    .option(
      "--expires <time>",
      "how long it is good, 30d at most and never longer than the approval",
      durationOf,
      "24h",
    )
    .option("--json", "for programs")
    .addHelpText(
      "after",
      examples([
        "approvals link run_x7k2 --to maria@acme.test",
        "approvals link run_x7k2 apr_9f3 --to maria --expires 2h",
      ]),
    )
    .action(async (run, approval, flags) =>
      (await import("./commands/approval-link.js")).approvalLink(run, approval, flags, output),
    );
}
