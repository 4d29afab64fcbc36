import type { Agent } from "../agent.js";
import type { AgentRuntime, StartOptions } from "../agent-runtime.js";
import { type Duration, toMilliseconds } from "../duration.js";
import { type OptionKinds, shown } from "../option-check.js";
import type { ToolContext } from "../tool-context.js";
import type { DecisionReader } from "./decision-reader.js";
import type { DecisionScript } from "./decisions.js";
import { KitError } from "./kit-error.js";
import { KitRun } from "./kit-run.js";
import { knownTools } from "./known-tools.js";
import type { ModelScript } from "./model/model-turn.js";
import type { AskedTurn, ScriptedModel } from "./model/scripted-model.js";
import { checked } from "./script-check.js";
import { type TestedEvent, type TestedRun, testedRun } from "./tested-run.js";
import { requireToolNames } from "./tool-names.js";
import { stopped, type World } from "./world.js";

export interface KitOptions {
  /**
   * What the model says, turn by turn; every run begins the list anew. By the agent's name where runs of several agents
   * take place.
   */
  readonly model: ModelScript;
  /**
   * What people decide, by the tool that is asked for, in runs that the kit starts and those that they start. Whatever is
   * not in it waits for the test to decide.
   */
  readonly decisions?: DecisionScript;
  /** Called in place of the agents' own functions, by the tool's name, with what those are called with. */
  readonly tools?: Readonly<Record<string, (args: never, context: ToolContext) => unknown>>;
  /** How long a function of the test's may take on this machine's clock: a tool's, the model's or a decision's. 5 s unless said. */
  readonly patience?: Duration;
}

export const KIT_OPTIONS: OptionKinds<KitOptions> = {
  model: "anything",
  decisions: "object",
  tools: "object",
  patience: "duration",
};

export interface KitParts {
  readonly world: World;
  readonly model: ScriptedModel;
  readonly decisions: DecisionReader;
  /** The tools that the test stands in for. */
  readonly toolNames: readonly string[];
}

/** Runs agents for a test: their tools and the server are real, the model and the people follow a script. */
export class Kit {
  readonly #parts: KitParts;
  readonly #runs: KitRun[] = [];
  readonly #agents = new Set<Agent>();
  /** Ends when all the time has passed that was asked for. */
  #advanced: Promise<void> = Promise.resolve();
  #closed: Promise<void> | undefined;

  constructor(parts: KitParts) {
    this.#parts = parts;
  }

  /** For whatever the kit has no words for: what programs use. Runs that it starts are not decided by the kit's script. */
  get runtime(): AgentRuntime {
    return this.#parts.world.runtime;
  }

  /** What the model was asked, oldest first. */
  get asked(): readonly AskedTurn[] {
    return this.#parts.model.asked;
  }

  /** Starts a run, and serves the agent's tools. Rejects with KitError where the script names tools that are not there. */
  async start(agent: Agent, input: string, options: StartOptions = {}): Promise<KitRun> {
    const { world, model, decisions, toolNames } = this.#parts;
    this.#requireOpen();
    if (!isAgent(agent)) throw new KitError(`A kit runs an Agent, and was given ${shown(agent)}.`);
    const agents = [...agent.below, agent];
    for (const one of agents) this.#agents.add(one);
    const { agentNames } = model;
    requireToolNames({ tools: toolNames, decisions: decisions.toolNames, agentNames }, [...this.#agents]);
    model.know(agents);
    const handle = await world.until(this.runtime.start(agent, input, options));
    const run = new KitRun({
      ...{ agent, handle, world, decisions },
      modelFaults: () => {
        const { unexpected } = model;
        return unexpected.length > 0
          ? { unexpected, unused: [] }
          : { unexpected, unused: model.unusedBy(agent.name, input) };
      },
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
    this.#requireOpen();
    const handle = this.runtime.handle(runId);
    const reading = async () => {
      const signal = new AbortController().signal;
      const events: TestedEvent[] = [];
      for await (const event of handle.events({ after: 0, includeDeltas: false, signal })) events.push(event);
      const status = await handle.getStatus();
      const agent = [...this.#agents].find(({ name }) => name === status.agentName);
      return testedRun(status, events, agent && knownTools(agent));
    };
    return this.#parts.world.until(reading());
  }

  /**
   * Lets time pass, with all that happens in it; where it is asked twice, one time after the other. Of a server it is real
   * time, and at most a minute.
   */
  async advance(time: Duration): Promise<void> {
    this.#requireOpen();
    const ms = checked(() => toMilliseconds(time, "The time of advance()"));
    const advance = () => this.#parts.world.advance(ms);
    const advanced = this.#advanced.then(advance, advance);
    this.#advanced = advanced;
    return advanced;
  }

  /** The date, by the kit's clock. */
  now(): Date {
    return this.#parts.world.now();
  }

  /** Ends everything. Rejects with KitError where the model's or the people's script was not what happened. */
  async stop(): Promise<void> {
    const { model, decisions } = this.#parts;
    // What was asked beyond the script says more than what was not asked because of it.
    const ofModel = model.unexpected.length > 0 ? model.unexpected : model.unused;
    const faults = [...ofModel, ...decisions.faults, ...decisions.unused];
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
    await this.#parts.world.close();
  }

  #requireOpen(): void {
    if (this.#closed !== undefined) throw stopped();
  }
}

function isAgent(agent: unknown): agent is Agent {
  return typeof agent === "object" && agent !== null && "below" in agent && "definition" in agent;
}
