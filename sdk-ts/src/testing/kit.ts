import type { Agent } from "../agent.js";
import type { AgentRuntime, StartOptions } from "../agent-runtime.js";
import { type Duration, toMilliseconds } from "../duration.js";
import { DecisionReader, type DecisionScript } from "./decisions.js";
import { KitError } from "./kit-error.js";
import { KitRun } from "./kit-run.js";
import type { ModelScript } from "./model/model-turn.js";
import type { AskedTurn, ScriptedModel } from "./model/scripted-model.js";
import { type TestedEvent, type TestedRun, testedRun } from "./tested-run.js";
import type { World } from "./world.js";

export interface KitOptions {
  /** What the model says, turn by turn; by the agent's name where runs of several agents take place. */
  readonly model: ModelScript;
  /** What people decide, by the tool that is asked for. Whatever is not in it waits for the test to decide. */
  readonly decisions?: DecisionScript;
  /** Called in place of the agents' own functions, by the tool's name. */
  readonly tools?: Readonly<Record<string, (args: never) => unknown>>;
  /** How long a tool, or a function of the model's script, may take on this machine's clock; 5 s unless said. */
  readonly patience?: Duration;
}

/** Runs agents for a test: their tools and the server are real, the model and the people follow a script. */
export class Kit {
  readonly #world: World;
  readonly #model: ScriptedModel;
  readonly #decisions: DecisionReader;
  readonly #runs: KitRun[] = [];
  #closed: Promise<void> | undefined;

  constructor(world: World, model: ScriptedModel, decisions: DecisionScript = {}) {
    this.#world = world;
    this.#model = model;
    this.#decisions = new DecisionReader(decisions);
  }

  /** For whatever the kit has no words for: what programs use. */
  get runtime(): AgentRuntime {
    return this.#world.runtime;
  }

  /** What the model was asked, oldest first. */
  get asked(): readonly AskedTurn[] {
    return this.#model.asked;
  }

  /** Starts a run, and serves the agent's tools. */
  async start(agent: Agent, input: string, options: StartOptions = {}): Promise<KitRun> {
    this.#model.know([...agent.below, agent]);
    const handle = await this.#world.until(this.runtime.start(agent, input, options), async () => undefined);
    const run = new KitRun({
      handle,
      world: this.#world,
      decisions: this.#decisions,
      modelFaults: () => this.#faults(() => this.#model.unusedBy(agent.name, input)),
    });
    this.#runs.push(run);
    return run;
  }

  /** Starts a run and lets happen what must until it has ended. See KitRun.result. */
  async run(agent: Agent, input: string, options: StartOptions = {}): Promise<TestedRun> {
    return (await this.start(agent, input, options)).result();
  }

  /** A run that has ended by its id, such as one that another one started. */
  async tested(runId: string): Promise<TestedRun> {
    const handle = this.runtime.handle(runId);
    const reading = async () => {
      const signal = new AbortController().signal;
      const events: TestedEvent[] = [];
      for await (const event of handle.events({ after: 0, includeDeltas: false, signal })) events.push(event);
      return testedRun(await handle.getStatus(), events);
    };
    return this.#world.until(reading(), async () => undefined);
  }

  /** Lets time pass, with all that happens in it. Of a server it is real time, and at most a minute. */
  async advance(time: Duration): Promise<void> {
    await this.#world.advance(toMilliseconds(time, "The time of advance()"));
  }

  /** The date, by the kit's clock. */
  now(): Date {
    return this.#world.now();
  }

  /** Ends everything. Rejects with KitError where the model's or the people's script was not what happened. */
  async stop(): Promise<void> {
    const faults = [...this.#faults(() => this.#model.unused), ...this.#decisions.unused];
    await this[Symbol.asyncDispose]();
    if (faults.length > 0) throw new KitError(faults.join("\n"));
  }

  /** Ends everything, without a look at the scripts: a test that fails tells why by itself. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await Promise.all(this.#runs.map((run) => run.close()));
    await this.#world.close();
  }

  /** What was asked beyond the script says more than what was not asked because of it. */
  #faults(unused: () => readonly string[]): readonly string[] {
    return this.#model.unexpected.length > 0 ? this.#model.unexpected : unused();
  }
}
