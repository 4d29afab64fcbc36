// The flags of a proof, the same for `agentspan prove` and `npm run prove`. Apart, so that help loads nothing else.
import { parseDuration } from "@agentspan/internal/duration";
import { type Command, InvalidArgumentError } from "commander";
import { DEFAULTS } from "./defaults.js";
import { FAULT_KINDS, type FaultKind } from "./faults/kinds.js";

export interface ProveFlags {
  readonly runs: number;
  readonly atOnce: number;
  /** Milliseconds. */
  readonly for: number;
  readonly seed: number;
  readonly faults: readonly FaultKind[];
  readonly url?: string;
  readonly nats?: string;
  /** Milliseconds. */
  readonly killEvery: number;
  /** Milliseconds. */
  readonly bound: number;
  /** Milliseconds. */
  readonly lease: number;
}

export function withProveFlags(command: Command): Command {
  return command
    .option("--url <url>", "an installation to prove, instead of a stack of its own: its gateway")
    .option("--nats <url>", "and its NATS, for the workers that are started here")
    .option("--runs <number>", "how many runs", atLeastOne, DEFAULTS.runs)
    .option("--at-once <number>", "runs in progress at once", atLeastOne, DEFAULTS.atOnce)
    .option("--for <duration>", "how long there are faults", milliseconds, DEFAULTS.forMs)
    .option("--kill-every <duration>", "between two kills of random processes", milliseconds, DEFAULTS.killEveryMs)
    .option(
      "--bound <duration>",
      "how long nothing may come about before a run is stuck",
      milliseconds,
      DEFAULTS.boundMs,
    )
    .option(
      "--lease <duration>",
      "of the stack that is started; longer for a slow machine",
      milliseconds,
      DEFAULTS.leaseMs,
    )
    .option("--seed <number>", "repeats a schedule of faults", whole, Math.floor(Math.random() * 1_000_000))
    .option("--faults <list>", `which kinds, of ${FAULT_KINDS.join(",")}`, kinds, [...FAULT_KINDS]);
}

function whole(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}

/** Of nothing anything could be proved. */
function atLeastOne(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError("It must be a whole number, 1 or more.");
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
