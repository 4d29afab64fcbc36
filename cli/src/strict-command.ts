import { Command, type ErrorOptions } from "commander";

/** A misspelt option is told as such, and not as the required one that is then missing. */
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
    super.error(message, options);
  }
}
