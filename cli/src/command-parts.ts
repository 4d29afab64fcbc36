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

export interface Leaf {
  /** "runs list" */
  readonly path: string;
  readonly command: Command;
}

/** The commands that do something, below a group or the whole; none that help hides. */
export function leavesOf(parent: Command, above: readonly string[] = []): readonly Leaf[] {
  return shownCommands(parent).flatMap((command) => {
    const path = [...above, command.name()];
    return command.commands.length === 0 ? [{ path: path.join(" "), command }] : leavesOf(command, path);
  });
}

/** As help shows them, without the word that asks for help. */
export function shownCommands(parent: Command): readonly Command[] {
  const shown = parent.createHelp().visibleCommands(parent);
  return shown.filter((command) => parent.commands.includes(command));
}
