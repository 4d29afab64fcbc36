// The flags of a proof, the same for `agentspan prove` and `npm run prove`.
import { parseDuration } from "@agentspan/internal";
import { Command, InvalidArgumentError } from "commander";
import { FAULT_KINDS, type FaultKind } from "./faults/schedule.js";
import { DEFAULTS, prove } from "./prove.js";
import { held, tableOf } from "./report.js";

interface Flags {
  readonly runs: number;
  readonly atOnce: number;
  readonly for: number;
  readonly seed: number;
  readonly faults: readonly FaultKind[];
  readonly killEvery: number;
}

/** The command with its flags; its action resolves to the exit code. */
export function withProveFlags(command: Command): Command {
  return command
    .option("--runs <number>", "how many runs", whole, DEFAULTS.runs)
    .option("--at-once <number>", "runs in progress at once", whole, DEFAULTS.atOnce)
    .option("--for <duration>", "how long there are faults, such as 2m", milliseconds, DEFAULTS.forMs)
    .option("--kill-every <duration>", "between two kills of random processes", milliseconds, DEFAULTS.killEveryMs)
    .option("--seed <number>", "repeats a schedule of faults", whole, Math.floor(Math.random() * 1_000_000))
    .option("--faults <list>", `which kinds: ${FAULT_KINDS.join(",")}`, kinds, [...FAULT_KINDS]);
}

/** Proves, prints progress and the table, and gives the exit code: 0 where all held, 1 where something broke. */
export async function proveWith(flags: Flags, print: (line: string) => void): Promise<number> {
  const stopping = new AbortController();
  const onInterrupt = (): void => {
    if (stopping.signal.aborted) process.exit(130);
    print("stopping: what was seen so far is checked; once more to leave at once");
    stopping.abort(new Error("Interrupted."));
  };
  process.on("SIGINT", onInterrupt);
  const begun = performance.now();
  try {
    const report = await prove({
      ...DEFAULTS,
      runs: flags.runs,
      atOnce: flags.atOnce,
      forMs: flags.for,
      seed: flags.seed,
      faults: flags.faults,
      killEveryMs: flags.killEvery,
      signal: stopping.signal,
      onProgress: (line) => print(`${((performance.now() - begun) / 1_000).toFixed(0).padStart(4)} s  ${line}`),
    });
    print(`\n${tableOf(report)}`);
    return held(report) ? 0 : 1;
  } finally {
    process.off("SIGINT", onInterrupt);
  }
}

export async function proveCommand(args: readonly string[], print: (line: string) => void): Promise<number> {
  let code = 0;
  const command = withProveFlags(new Command("prove")).action(async (flags: Flags) => {
    code = await proveWith(flags, print);
  });
  await command.parseAsync([...args], { from: "user" });
  return code;
}

function whole(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}

function milliseconds(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError("It must be a duration such as 90s or 2m.");
  return ms;
}

function kinds(text: string): readonly FaultKind[] {
  return text.split(",").map((name) => {
    const kind = FAULT_KINDS.find((known) => known === name.trim());
    if (kind === undefined) throw new InvalidArgumentError(`Kinds are ${FAULT_KINDS.join(", ")}.`);
    return kind;
  });
}
