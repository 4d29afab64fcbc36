// How commands of the command line are made.
import type { Command } from "commander";

/** A command that only has commands: alone it shows them. */
export function group(parent: Command, name: string, about: string): Command {
  return parent.command(name).description(about).helpCommand(false);
}

export function leaf(parent: Command, name: string, about: string): Command {
  return parent.command(name).description(about).allowExcessArguments(false);
}

export function examples(commands: readonly string[]): string {
  return `\nExamples:\n${commands.map((command) => `  $ agentspan ${command}`).join("\n")}`;
}
