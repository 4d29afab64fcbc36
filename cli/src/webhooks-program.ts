// The commands about webhooks: names, options and help.
import { type Command, Option } from "commander";
import { examples, group, leaf } from "./command-parts.js";
import { countOf, withUrl } from "./options.js";
import type { Output } from "./output.js";

const WEBHOOK_EVENTS = [
  ...["WAITING", "DECIDED", "EXPIRED", "OUTCOME_UNKNOWN", "ENDED"],
  ...["REMINDED", "ESCALATED", "CLOSED"],
] as const;
const DELIVERY_STATES = ["PENDING", "DELIVERED", "DEAD"] as const;

export function addWebhooks(root: Command, output: Output): void {
  const webhooks = group(root, "webhooks", "tell other programs of what happens, and see whether they heard it");
  withUrl(leaf(webhooks, "create", "send what happens to an address; its secret is shown once"))
    .argument("<url>", "https, and none of a private network unless the server allows it; or mailto: or slack:")
    .addOption(new Option("--event <event...>", "only these; all unless said").choices(WEBHOOK_EVENTS))
    .option("--agent <name>", "only of this agent")
    .option("--tool <name>", "only of calls of this tool")
    .option("--include-arguments", "also the whole arguments of calls, and what people wrote")
    .option("--description <text>", "what it is for")
    .option("--json", "for programs")
    .addHelpText(
      "after",
      examples([
        "webhooks create https://chat.acme.test/hooks --event WAITING EXPIRED",
        "webhooks create mailto:approvers --event WAITING REMINDED ESCALATED --include-arguments",
        "webhooks create slack:C0123ABCD --include-arguments",
      ]),
    )
    .action(async (url, flags) => (await import("./commands/webhooks.js")).webhooksCreate(url, flags, output));
  withUrl(leaf(webhooks, "list", "the webhooks of this namespace, the newest first"))
    .option("--limit <number>", "how many", countOf, 100)
    .option("--json", "for programs")
    .addHelpText("after", examples(["webhooks list"]))
    .action(async (flags) => (await import("./commands/webhooks.js")).webhooksList(flags, output));
  withUrl(leaf(webhooks, "delete", "send nothing more to a webhook, and forget what it was sent"))
    .argument("<webhook>", "its id")
    .addHelpText("after", examples(["webhooks delete whk_x7k2"]))
    .action(async (webhook, flags) => (await import("./commands/webhooks.js")).webhooksDelete(webhook, flags, output));
  withUrl(leaf(webhooks, "rotate", "give a webhook another secret; the one before holds for a day"))
    .argument("<webhook>", "its id")
    .option("--json", "for programs")
    .addHelpText("after", examples(["webhooks rotate whk_x7k2"]))
    .action(async (webhook, flags) => (await import("./commands/webhooks.js")).webhooksRotate(webhook, flags, output));
  withUrl(leaf(webhooks, "deliveries", "what a webhook was sent or is to be sent, the newest first"))
    .argument("<webhook>", "its id")
    .addOption(new Option("--state <state...>", "only in these states").choices(DELIVERY_STATES))
    .option("--limit <number>", "how many", countOf, 20)
    .option("--json", "for programs")
    .addHelpText("after", examples(["webhooks deliveries whk_x7k2 --state DEAD"]))
    .action(async (webhook, flags) =>
      (await import("./commands/webhooks.js")).webhooksDeliveries(webhook, flags, output),
    );
  withUrl(leaf(webhooks, "replay", "send again what has ended, with the same id"))
    .argument("[delivery]", "its id")
    .option("--dead-of <webhook>", "all of a webhook's that are dead")
    .addHelpText("after", examples(["webhooks replay msg_x7k2", "webhooks replay --dead-of whk_x7k2"]))
    .action(async (delivery, flags) =>
      (await import("./commands/webhooks.js")).webhooksReplay(delivery, flags, output),
    );
}
