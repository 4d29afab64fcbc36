// A proof as a command: progress, the table, and the exit code.
import { Command } from "commander";
import { DEFAULTS } from "./defaults.js";
import { type ProveFlags, withProveFlags } from "./flags.js";
import { prove } from "./prove.js";
import { held, tableOf } from "./report.js";

/** Proves, prints progress and the table, and gives the exit code: 0 where all held, 1 where something broke. */
export async function proveWith(flags: ProveFlags, print: (line: string) => void): Promise<number> {
  if ((flags.url === undefined) !== (flags.nats === undefined)) {
    throw new Error("An installation is named by both: --url is its gateway, --nats what its workers connect to.");
  }
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
      boundMs: flags.bound,
      leaseMs: flags.lease,
      everyPoint: flags.url === undefined && flags.faults.includes("points"),
      ...(flags.url === undefined ? {} : { url: flags.url }),
      ...(flags.nats === undefined ? {} : { natsUrl: flags.nats }),
      signal: stopping.signal,
      onProgress: (line) => print(`${((performance.now() - begun) / 1_000).toFixed(0).padStart(4)} s  ${line}`),
    });
    print(`\n${tableOf(report)}`);
    return held(report) ? 0 : 1;
  } finally {
    process.off("SIGINT", onInterrupt);
  }
}

/** The same with its own flags read. */
export async function proveCommand(args: readonly string[], print: (line: string) => void): Promise<number> {
  let code = 0;
  const command = withProveFlags(new Command("prove")).action(async (flags: ProveFlags) => {
    code = await proveWith(flags, print);
  });
  await command.parseAsync([...args], { from: "user" });
  return code;
}
