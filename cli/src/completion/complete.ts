// What may come next on a command line, told of the commands themselves, so that it is never another list than theirs.
import type { Argument, Command, Option } from "commander";
import { shownCommands } from "../command-parts.js";

/** A word with what it is for; or that a file or a folder comes here, which the shell knows better. */
export type Candidate = { readonly word: string; readonly about: string } | "files" | "folders";

/** For options whose values are known elsewhere: asked only where one is completed. */
export type ValuesOf = (option: Option) => readonly string[];

/** `words` are those behind the command's own name; the last of them is the one that is being typed, perhaps empty. */
export function candidates(root: Command, words: readonly string[], valuesOf: ValuesOf): readonly Candidate[] {
  const typed = words.at(-1) ?? "";
  const place = placeAfter(root, words.slice(0, -1));
  const [flag = "", value] = typed.startsWith("--") ? split(typed) : [];
  if (value !== undefined) {
    const option = optionOf(place.command, flag);
    return option === undefined ? [] : prefixed(`${flag}=`, matching(value, ofOption(option, valuesOf)));
  }
  if (place.option !== undefined && !typed.startsWith("-")) {
    const values = matching(typed, ofOption(place.option, valuesOf));
    // An option that takes several may have had its last one.
    if (place.option.required && !place.option.variadic) return values;
    return [...values, ...matching(typed, ofCommand(place.command, place.position))];
  }
  if (typed.startsWith("-")) return matching(typed, optionsOf(place.command));
  return matching(typed, ofCommand(place.command, place.position));
}

interface Place {
  readonly command: Command;
  /** How many arguments it has by now. */
  readonly position: number;
  /** The option whose value comes next, or may. */
  readonly option: Option | undefined;
}

function placeAfter(root: Command, words: readonly string[]): Place {
  let place: Place = { command: root, position: 0, option: undefined };
  for (const word of words) place = after(place, word);
  return place;
}

function after({ command, position, option }: Place, word: string): Place {
  // bash takes --option=value apart at the "=".
  if (word === "=") return { command, position, option };
  if (word.startsWith("-") && word !== "-") {
    const named = word.includes("=") ? undefined : optionOf(command, word);
    return { command, position, option: named?.required || named?.optional ? named : undefined };
  }
  if (option !== undefined) return { command, position, option: option.variadic ? option : undefined };
  const next = shownCommands(command).find((one) => one.name() === word || one.aliases().includes(word));
  return next === undefined
    ? { command, position: position + 1, option: undefined }
    : { command: next, position: 0, option: undefined };
}

function optionOf(command: Command, flag: string): Option | undefined {
  return command.options.find(({ long, short }) => flag === long || flag === short);
}

function ofCommand(command: Command, position: number): readonly Candidate[] {
  // A word that is no command leads nowhere.
  const next = position === 0 ? shownCommands(command) : [];
  const commands = next.map((one) => ({ word: one.name(), about: one.description() }));
  const taken = command.registeredArguments;
  const argument = taken[position] ?? (taken.at(-1)?.variadic === true ? taken.at(-1) : undefined);
  return [...commands, ...(argument === undefined ? [] : ofArgument(argument))];
}

function ofArgument(argument: Argument): readonly Candidate[] {
  return [...words(argument.argChoices ?? []), ...pathsOf(argument.name())];
}

function ofOption(option: Option, valuesOf: ValuesOf): readonly Candidate[] {
  const [, name = ""] = /[<[]([\w-]+)/.exec(option.flags) ?? [];
  return [...words(option.argChoices ?? valuesOf(option)), ...pathsOf(name)];
}

function pathsOf(name: string): readonly Candidate[] {
  if (name === "file" || name === "definition") return ["files"];
  return name === "folder" ? ["folders"] : [];
}

function optionsOf(command: Command): readonly Candidate[] {
  const shown = command.createHelp().visibleOptions(command);
  return shown.flatMap(({ long, description }) =>
    long === undefined || long === null ? [] : [{ word: long, about: description }],
  );
}

function words(values: readonly string[]): readonly Candidate[] {
  return values.map((word) => ({ word, about: "" }));
}

function matching(typed: string, all: readonly Candidate[]): readonly Candidate[] {
  return all.filter((one) => typeof one === "string" || one.word.startsWith(typed));
}

function prefixed(prefix: string, all: readonly Candidate[]): readonly Candidate[] {
  return all.map((one) => (typeof one === "string" ? one : { ...one, word: `${prefix}${one.word}` }));
}

function split(word: string): readonly [string, string | undefined] {
  const at = word.indexOf("=");
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}
