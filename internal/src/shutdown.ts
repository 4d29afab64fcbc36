// What a process does when it is asked to stop.
import type { Logger } from "./log.js";

export type StopSignal = "SIGTERM" | "SIGINT";

export interface ShutdownOptions {
  /** Milliseconds the handler may take; after them the process ends with code 1, whatever is left undone. */
  readonly graceMs: number;
  readonly log: Logger;
}

/**
 * Runs the handler at the first SIGTERM or SIGINT, then ends the process: with code 0, or with 1 where the handler
 * threw or took longer than the grace. A second signal ends it at once with code 1. Returns a function that takes it
 * all back, for a process that has stopped by itself.
 */
export function onShutdown(
  handler: (signal: StopSignal) => Promise<void>,
  { graceMs, log }: ShutdownOptions,
): () => void {
  let stopping = false;

  const stop = async (signal: StopSignal): Promise<void> => {
    if (stopping) {
      log.warn({ signal }, "Stopping at once: a second signal came");
      process.exit(1);
    }
    stopping = true;
    const begun = performance.now();
    const elapsedMs = () => Math.round(performance.now() - begun);
    log.info({ signal, graceMs }, "Stopping");
    const timer = setTimeout(() => {
      log.error({ signal, elapsedMs: elapsedMs() }, "Stopped before everything was closed: the grace is over");
      process.exit(1);
    }, graceMs);
    try {
      await handler(signal);
    } catch (err) {
      log.error({ signal, elapsedMs: elapsedMs(), err }, "Stopped, but not cleanly");
      process.exit(1);
    }
    clearTimeout(timer);
    log.info({ signal, elapsedMs: elapsedMs() }, "Stopped");
    process.exit(0);
  };

  const listener = (signal: NodeJS.Signals): void => {
    if (signal === "SIGTERM" || signal === "SIGINT") void stop(signal);
  };
  process.on("SIGTERM", listener);
  process.on("SIGINT", listener);
  return () => {
    process.off("SIGTERM", listener);
    process.off("SIGINT", listener);
  };
}
