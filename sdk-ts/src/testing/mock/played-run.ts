// A run that commands are played against: the server's own core decides each, and its facts become the events that a
// client of the server would read. No server, store or clock is needed.
import {
  type Answer,
  type Command,
  type Agent as CoreAgent,
  DEFAULT_TIMING,
  decide,
  type OwnerDemand,
  type Rejection,
  type Run,
  type Schedule,
  type RunEvent as StoredEvent,
} from "@agentspan/orchestrator/core";
import {
  argumentsBefore,
  type EarlierEvents,
  encodeAgent,
  encodeEvent,
  textFunctions,
  toCore,
} from "@agentspan/orchestrator/in-process";
import type { Agent } from "../../agent.js";
import { type MappedEvent, runEventOf } from "../../event-mapping.js";

/** Between two commands, milliseconds. */
const STEP_MS = 1_000;

export class PlayedRun {
  readonly agent: CoreAgent;
  readonly #definition: Agent;
  readonly #events: StoredEvent[] = [];
  #run: Run | undefined;
  #schedule: Schedule = {};
  #bytes = 0;
  #now: number;
  #commands = 0;

  constructor(agent: Agent, startsAt = Date.now()) {
    this.#definition = agent;
    this.agent = toCore(agent.definition, encodeAgent(agent.definition).version);
    this.#now = startsAt;
  }

  /** As the core has it. */
  get run(): Run {
    if (this.#run === undefined) throw new Error("The run was not started.");
    return this.#run;
  }

  /** What the worker that serves the agent's tools says of them. */
  get owners(): Readonly<Record<string, OwnerDemand>> {
    const demands = this.#definition.served.map(({ name, approvalRequired, once, probe, enforcesIdempotency }) => {
      const brings = { probe: probe !== undefined, enforcesKey: enforcesIdempotency };
      return [name, { approval: approvalRequired, once, ...brings }] as const;
    });
    return Object.fromEntries(demands);
  }

  /** Plays one command. Gives the core's answer, or why it did not carry it out. */
  play(command: Command): Answer | Rejection {
    this.#commands += 1;
    this.#now += STEP_MS;
    const result = decide(this.#run, command, {
      now: this.#now,
      by: "kit",
      agent: this.agent,
      timing: DEFAULT_TIMING,
      entropy: String(this.#commands),
      jitter: 0,
      schedule: this.#schedule,
      inlineBytes: this.#bytes,
      totalBytes: this.#bytes,
      text: textFunctions,
    });
    if (result.type === "rejection") return result;
    this.#run = result.run;
    this.#schedule = result.schedule;
    for (const event of result.events) {
      this.#events.push(event);
      this.#bytes += Buffer.byteLength(JSON.stringify(event));
    }
    return result.answer;
  }

  /** The facts, as they would be stored. */
  get stored(): readonly StoredEvent[] {
    return this.#events;
  }

  /** The same as a client of the server reads them. */
  events(): readonly MappedEvent[] {
    const { runId, agentName } = this.run;
    const earlier: EarlierEvents = {
      arguments: (callId, before) => argumentsBefore(this.#events, callId, before) ?? "",
      at: (sequence) => this.#events[sequence - 1],
    };
    return this.#events.map((event) => {
      return runEventOf(encodeEvent(runId, agentName, event, earlier));
    });
  }
}
