// A run that recorded commands are played against: as PlayedRun, but at the recorded times, and by trial where wanted.
import {
  type Answer,
  type Command,
  type Agent as CoreAgent,
  DEFAULT_TIMING,
  decide,
  obligationsOf,
  type Rejection,
  type Run,
  type Schedule,
  type RunEvent as StoredEvent,
} from "@agentspan/orchestrator/core";
import { argumentsBefore, type EarlierEvents, encodeEvent, textFunctions } from "@agentspan/orchestrator/in-process";
import { type MappedEvent, runEventOf } from "../../event-mapping.js";
import { playsPart } from "./recorded-run.js";

/** One command of a record. */
export interface Step {
  readonly command: Command;
  /** When it was carried out, milliseconds since the epoch. */
  readonly at: number;
  /** The random part of the ids that it made. */
  readonly entropy: string;
}

/** What the core makes of a step. */
export interface Played {
  readonly answer: Answer | Rejection;
  readonly events: readonly MappedEvent[];
  /** Makes it so. */
  keep(): void;
}

/**
 * A provider or a tool that failed is tried again after a wait that is partly chance. The shortest: what was recorded came
 * after it in any case.
 */
const SHORTEST_WAIT = 1;

export class CorePlay {
  readonly #agent: CoreAgent;
  readonly #stored: StoredEvent[] = [];
  /** The same by call. */
  readonly #ofCall = new Map<string, StoredEvent[]>();
  #run: Run | undefined;
  #schedule: Schedule = {};

  constructor(agent: CoreAgent) {
    this.#agent = agent;
  }

  /** Undefined before its first event. */
  get run(): Run | undefined {
    return this.#run;
  }

  get agent(): CoreAgent {
    return this.#agent;
  }

  /** Changes nothing before it is kept: the core is pure. */
  play(step: Step): Played {
    const result = decide(this.#run, step.command, {
      now: this.#timeOf(step),
      by: "replay",
      agent: this.#agent,
      timing: DEFAULT_TIMING,
      entropy: step.entropy,
      jitter: SHORTEST_WAIT,
      schedule: this.#schedule,
      // What a run weighs is not replayed: signatures and the like are not in a history.
      inlineBytes: 0,
      totalBytes: 0,
      text: textFunctions,
    });
    if (result.type === "rejection") return { answer: result, events: [], keep: () => undefined };
    const { runId, agentName } = result.run;
    const earlier = this.#earlierThan(result.events);
    return {
      answer: result.answer,
      events: result.events.map((event) => runEventOf(encodeEvent(runId, agentName, event, earlier))).filter(playsPart),
      keep: () => {
        this.#run = result.run;
        this.#schedule = result.schedule;
        for (const event of result.events) this.#store(event);
      },
    };
  }

  /** When what ends by time ends, by its name, as far as that is by this date; reminders apart. */
  dueBy(at: number): ReadonlyMap<string, number> {
    const owed = this.#run === undefined ? [] : obligationsOf(this.#run, DEFAULT_TIMING);
    const due = owed.filter((one) => one.kind === "tick" && one.due <= at && !one.key.startsWith("remind/"));
    return new Map(due.map((one) => [one.key, one.due]));
  }

  #earlierThan(fresh: readonly StoredEvent[]): EarlierEvents {
    return {
      arguments: (callId, before) =>
        argumentsBefore(fresh, callId, before) ?? argumentsBefore(this.#ofCall.get(callId) ?? [], callId, before) ?? "",
      at: (sequence) => this.#stored[sequence - 1] ?? fresh[sequence - 1 - this.#stored.length],
    };
  }

  #store(event: StoredEvent): void {
    this.#stored.push(event);
    if (!("callId" in event.fact)) return;
    const { callId } = event.fact;
    const list = this.#ofCall.get(callId);
    if (list === undefined) this.#ofCall.set(callId, [event]);
    else list.push(event);
  }

  /** A definition that waits longer before it tries again begins later: that is no difference. */
  #timeOf({ command, at }: Step): number {
    if (command.type !== "claim") return at;
    const call = this.#run?.turn.calls.find(({ callId }) => callId === command.callId);
    return call?.state.kind === "ready" ? Math.max(at, call.state.notBefore) : at;
  }
}
