// agentspan prove
import { type ProveFlags, proveWith } from "@agentspan/prove";
import { CommandError } from "../command-error.js";
import type { Output } from "../output.js";

/** Throws with exit code 1 where something broke: the table says what. */
export async function prove(flags: ProveFlags, output: Output): Promise<void> {
  const code = await proveWith(flags, (line) => output.line(line));
  if (code !== 0) throw new CommandError("Not everything held; the table says what broke.");
}
