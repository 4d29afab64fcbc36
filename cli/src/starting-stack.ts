// What every command that starts a stack says of it while it starts.
import { Interrupted } from "./command-error.js";
import { logLine } from "./log-line.js";
import type { StackFlags } from "./options.js";
import type { Output } from "./output.js";
import { stackPlace } from "./stack-place.js";

export interface StartingFlags extends StackFlags {
  readonly verbose?: boolean;
  readonly untilInputEnds?: boolean;
}

/** Where the stack is to listen, and what it tells the person who started it. */
export function startingOptions<Child extends string>(flags: StartingFlags, output: Output, signal: AbortSignal) {
  const { port, grpcPort, natsPort } = stackPlace(flags, process.env);
  return {
    ...(port === undefined ? {} : { port }),
    ...(grpcPort === undefined ? {} : { grpcPort }),
    ...(natsPort === undefined ? {} : { natsPort }),
    onProgress: (line: string) => output.line(`  ${line}`),
    ...(flags.verbose === true ? { onLine: (child: Child, line: string) => output.line(logLine(child, line)) } : {}),
    signal,
  };
}

/** The stack once it runs. Throws Interrupted, and says so, where it was stopped before. */
export async function started<Stack>(starting: Promise<Stack>, output: Output, signal: AbortSignal): Promise<Stack> {
  try {
    return await starting;
  } catch (error) {
    if (!signal.aborted) throw error;
    output.line("\nStopped before it was running; nothing is left.");
    throw new Interrupted();
  }
}
