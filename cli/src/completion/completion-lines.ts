// The answer to a shell that asks what may come next: a candidate a line, what it is for behind a tab.
import type { Option } from "commander";
import { Output } from "../output.js";
import { readProfiles } from "../profiles/profile-store.js";
import { program } from "../program.js";
import { candidates } from "./complete.js";

export function completionLines(words: readonly string[]): readonly string[] {
  const silent = new Output({ write: () => undefined }, { write: () => undefined });
  return candidates(program(silent), words, valuesOf).map((one) => {
    if (typeof one === "string") return `:${one}`;
    return one.about === "" ? one.word : `${one.word}\t${one.about}`;
  });
}

function valuesOf({ long }: Option): readonly string[] {
  if (long !== "--profile") return [];
  try {
    return [...readProfiles(process.env).named.keys()];
  } catch {
    return []; // Whoever uses one is told what is wrong with the file.
  }
}
