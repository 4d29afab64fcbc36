import { Command, type ErrorOptions } from "commander";
import { commandName } from "./command-name.js";

/** A misspelt option is told as such, and not as the required one that is then missing; and each fault with where help is. */
export class StrictCommand extends Command {
  /** Commander has it without saying so in its types: what it tells of an option that it does not know. */
  declare readonly unknownOption: (flag: string) => never;

  override createCommand(name?: string): StrictCommand {
    return new StrictCommand(name);
  }

  override error(message: string, options?: ErrorOptions): never {
    const missing = options?.code === "commander.missingMandatoryOptionValue";
    const strange = missing ? this.args.find((word) => /^--?[a-z]/i.test(word)) : undefined;
    if (strange !== undefined) this.unknownOption(strange);
    super.error(`${sentence(message)}\nSee: ${this.#path()} --help`, options);
  }

  #path(): string {
    const names: string[] = [];
    for (let one: Command = this; one.parent !== null; one = one.parent) names.unshift(one.name());
    return [commandName(), ...names].join(" ");
  }
}

/** "error: unknown option '--prot'" as a sentence. */
function sentence(text: string): string {
  const said = text.replace(/^error: /, "").trim();
  const begun = `${said.charAt(0).toUpperCase()}${said.slice(1)}`;
  return /[.?!)]$/.test(begun) ? begun : `${begun}.`;
}
