// The commands about servers under names: names, options and help.
import { type Command, Option } from "commander";
import { examples, group, leaf } from "./command-parts.js";
import { fileOf, urlOf } from "./options.js";
import type { Output } from "./output.js";

export function addProfiles(root: Command, output: Output): void {
  const profiles = group(root, "profiles", "servers that you work with, under names");
  leaf(profiles, "add", "name a server, and the key that you have there")
    .argument("<name>", "letters, digits, '.', '_' and '-'")
    .requiredOption("--url <url>", "the server", urlOf)
    .option(
      "--key-file <file>",
      "where the key is, which is read with each command; - takes it from the standard input, and keeps it",
      fileOf,
    )
    .addOption(new Option("--nats-url <url>", "its NATS, for programs that serve tools there"))
    .option("--replace", "where there is one of that name")
    .addHelpText(
      "after",
      examples(["profiles add staging --url https://agents.acme.test --key-file - < key.txt", "profiles use staging"]),
    )
    .action(async (name, flags) => (await import("./commands/profiles.js")).profilesAdd(name, flags, output));
  leaf(profiles, "list", "those that there are; the one that is used has a *")
    .option("--json", "for programs")
    .addHelpText("after", examples(["profiles list"]))
    .action(async (flags) => (await import("./commands/profiles.js")).profilesList(flags, output));
  leaf(profiles, "use", "the one that commands use which name no server")
    .argument("[name]", "which one")
    .option("--none", "none: the server on this machine")
    .addHelpText("after", examples(["profiles use staging", "profiles use --none"]))
    .action(async (name, flags) => (await import("./commands/profiles.js")).profilesUse(name, flags, output));
  leaf(profiles, "remove", "forget one, and the key that is kept with it")
    .argument("<name>", "which one")
    .addHelpText("after", examples(["profiles remove staging"]))
    .action(async (name) => (await import("./commands/profiles.js")).profilesRemove(name, output));
}
