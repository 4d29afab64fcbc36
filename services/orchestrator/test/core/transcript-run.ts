// Plays a transcript's commands against the core and prints what came of each.

import * as realCore from "../../src/core/index.js";
import {
  type Agent,
  type Command,
  DEFAULT_TIMING,
  DONE,
  type Rejection,
  type Run,
  type RunEvent,
  type Schedule,
  type Tick,
  type Transition,
} from "../../src/core/index.js";
import { textFunctions } from "../../src/text-functions.js";
import type { Core } from "./explored-run.js";
import { few, Printer } from "./print-transition.js";
import { NO_TOOLS, readAgent, readTool } from "./transcript-agent.js";
import { readCommand } from "./transcript-commands.js";
import { Line, parseDuration } from "./transcript-line.js";

const ORIGIN = Date.UTC(2026, 0, 1);

export class TranscriptRun {
  private agent: Agent = NO_TOOLS;
  private run: Run | undefined;
  private events: RunEvent[] = [];
  private schedule: Schedule = {};
  private now = ORIGIN;
  private by = "o1";
  private inlineBytes = 0;
  private totalBytes = 0;
  private decisions = 0;
  private readonly digests = new Map<string, string>();
  private last: Command | undefined;
  private readonly printer = new Printer(ORIGIN);

  /** The core of this tree unless another is given. */
  constructor(private readonly core: Core = realCore) {}

  /** Carries out one directive; resolves to what it prints. */
  play(text: string, under: readonly string[]): string {
    const line = new Line(text);
    const printed = this.directive(line, under);
    line.end();
    return printed;
  }

  /** The run's events as they are stored. */
  storedEvents(): readonly string[] {
    return this.events.map((event) => JSON.stringify(event));
  }

  /** The definition that it goes by at the end. */
  get definition(): Agent {
    return this.agent;
  }

  private directive(line: Line, under: readonly string[]): string {
    switch (line.verb) {
      case "agent":
        this.agent = { ...readAgent(line), tools: under.map((text) => readTool(ended(new Line(text)))) };
        return "ok";
      case "wait":
        this.now += parseDuration(line.word() ?? "");
        return `at ${this.printer.time(this.now)}`;
      case "tick": {
        this.now += parseDuration(line.word() ?? "0s");
        return `at ${this.printer.time(this.now)}\n${this.carryOut({ type: "tick", ...this.seen(line.duration("seen-ago")) })}`;
      }
      case "orchestrator":
        this.by = line.word() ?? "o1";
        return "ok";
      case "sized":
        this.inlineBytes = line.number("inline", 0);
        this.totalBytes = line.number("total", 0);
        return "ok";
      case "look-again":
        return this.carryOut({
          type: "reschedule",
          due: { [line.word() ?? ""]: this.now + parseDuration(line.word() ?? "") },
        });
      case "told":
        return this.carryOut({ type: "reschedule", due: { [`tell/${this.run?.reportable?.sequence}`]: DONE } });
      case "again":
        if (this.last === undefined) throw new Error("Nothing to repeat.");
        return this.carryOut(this.last);
      case "owes":
        return this.owed();
      case "checkpoints":
        return Object.values(this.run?.checkpoints ?? {})
          .map((checkpoint) => this.printer.checkpoint(checkpoint))
          .join("\n");
      case "conversation":
        return this.core
          .conversation(this.agent, this.events)
          .map((message) => this.printer.message(message))
          .join("\n");
      default: {
        const { run, agent, digests, decisions, now } = this;
        const command = readCommand(line, under, { run, agent, digests, decisions, now });
        if (command === undefined) throw new Error(`Nobody knows the command ${line.verb}.`);
        return this.carryOut(command);
      }
    }
  }

  /** That the workers of all claims showed life so long ago. */
  private seen(agoMs: number | undefined): Pick<Tick, "lastHeartbeats"> {
    if (agoMs === undefined) return {};
    const states = this.run?.turn.calls.map(({ state }) => state) ?? [];
    const claimed = states.filter((state) => state.kind === "claimed");
    return { lastHeartbeats: Object.fromEntries(claimed.map(({ incarnation }) => [incarnation, this.now - agoMs])) };
  }

  private owed(): string {
    if (this.run === undefined) return "nothing";
    const owed = this.core.obligationsOf(this.run, DEFAULT_TIMING).map(({ kind, key, due }) => {
      const moved = this.schedule[key];
      return `${kind} ${key} ${moved === DONE ? "done" : `due ${this.printer.time(moved ?? due)}${moved === undefined ? "" : " (moved)"}`}`;
    });
    return owed.length === 0 ? "nothing" : owed.join("\n");
  }

  private carryOut(command: Command): string {
    this.last = command;
    if (command.type === "decide") this.decisions += 1;
    const result = this.core.decide(this.run, command, {
      now: this.now,
      by: this.by,
      agent: this.agent,
      timing: DEFAULT_TIMING,
      entropy: String(Object.keys(this.run?.checkpoints ?? {}).length + 1),
      jitter: 0,
      schedule: this.schedule,
      inlineBytes: this.inlineBytes,
      totalBytes: this.totalBytes,
      text: textFunctions,
    });
    if (result.type === "rejection") return this.printRejection(result);
    if (command.type === "claim" && result.answer.type === "granted") {
      this.digests.set(command.nonce, result.answer.digest);
    }
    return this.take(result);
  }

  private printRejection(rejection: Rejection): string {
    return this.printer.rejection(rejection);
  }

  private take({ run, events, effects, answer, schedule, wakeAt }: Transition): string {
    this.events = [...this.events, ...events];
    this.run = run;
    this.schedule = schedule;
    const stored = this.storedEvents().map((text) => JSON.parse(text) as RunEvent);
    if (JSON.stringify(this.core.fold(stored)) !== JSON.stringify(run)) {
      throw new Error("Folding the stored events does not give the run.");
    }
    const told = events.map((event) => this.printer.event(event));
    const lines = [
      ...few(told, 14),
      ...effects.map((effect) => this.printer.effect(effect)),
      this.printer.answer(answer),
    ];
    // What changed nothing does not say the state again.
    if (events.length > 0) lines.push(this.printer.state(run, wakeAt));
    return lines.join("\n");
  }
}

function ended(line: Line): Line {
  if (line.verb !== "tool") throw new Error(`${line.text}: a tool was expected.`);
  return line;
}
