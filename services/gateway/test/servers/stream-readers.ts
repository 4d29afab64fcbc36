// Readers of streams, and the runs that they read, at a stack with a scripted orchestrator.
import type { Event } from "@agentspan/proto";
import type { Gateway } from "../../src/gateway.js";
import type { EventInit } from "../fake-orchestrator.js";
import { runClient, type withStack } from "./harness.js";

export const warning = (message = ""): EventInit => ({ case: "warning", value: { message } });
export const done: EventInit = { case: "done", value: { outputJson: '{"result":"ok"}' } };

export const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, at) => first + at);

export const runIdsOf = (request: object): readonly string[] =>
  "runIds" in request ? (request.runIds as string[]) : [];

export interface Reader {
  readonly sequences: number[];
  readonly events: Event[];
  readonly ended: Promise<void>;
  readonly leave: () => void;
}

export interface ReadOptions {
  readonly afterSequence?: bigint;
  readonly includeDeltas?: boolean;
  readonly protocol?: string;
  readonly gateway?: Gateway;
  readonly onEvent?: (event: Event) => Promise<void>;
}

/** Of one stack, with runs of its own. */
export function streamsAt(stack: ReturnType<typeof withStack>) {
  let runs = 0;
  const newRun = (): string => {
    runs += 1;
    return `run_${runs}`;
  };
  return {
    newRun,

    /** With one event. */
    newOpenRun(): string {
      const runId = newRun();
      stack.orchestrator.append(runId, [warning()], { publish: false });
      return runId;
    },

    read(runId: string, options: ReadOptions = {}): Reader {
      const { afterSequence = 0n, includeDeltas = false, protocol = "gRPC", gateway = stack.gateway } = options;
      const gone = new AbortController();
      const sequences: number[] = [];
      const events: Event[] = [];
      const ended = (async () => {
        const client = runClient(gateway, protocol);
        for await (const { event } of client.streamEvents(
          { runId, afterSequence, includeDeltas },
          { signal: gone.signal },
        )) {
          if (event === undefined) throw new Error("A response without an event");
          events.push(event);
          sequences.push(Number(event.sequence));
          await options.onEvent?.(event);
        }
      })();
      // Whoever waits for it sees its rejection; a reader that leaves does not wait.
      ended.catch(() => undefined);
      return { sequences, events, ended, leave: () => gone.abort() };
    },

    /** How often the gateway read a run's history. */
    historiesRead: (runId: string): number =>
      stack.orchestrator
        .of("RunService/GetHistory")
        .filter(({ request }) => "runId" in request && request.runId === runId).length,

    /** The runs of every comparison. */
    askedAbout: () => stack.orchestrator.of("Internal/Sequences").flatMap(({ request }) => runIdsOf(request)),
  };
}
