// The model of a kit: it says what the test wrote down. What it is asked beyond that is a fault, and so is what it was
// not asked for: a script says exactly what a run did.
//
// A run is known by its conversation alone, as the server shows it: whose instructions and tools, and what the user said.
// Turns that fail belong to the reply after them: they are the attempts at one turn.
import type { Agent } from "../../agent.js";
import type { FunctionsInProgress } from "../stack/functions-in-progress.js";
import { type ModelScript, type ModelTurn, type SaidTurn, turnText } from "./model-turn.js";
import { type ModelRequest, type ToldModel, toldModel } from "./told-model.js";

/** A request, and what was said to it. */
export interface AskedTurn extends ToldModel {
  readonly agentName: string;
  /** Undefined where the script had nothing. */
  readonly said: SaidTurn | undefined;
}

/** Where the model stands with the runs of one agent that were started with one input. */
interface Conversation {
  readonly agentName: string;
  readonly input: string;
  /** How often each turn was asked for. */
  readonly asked: number[];
}

export class ScriptedModel {
  /** Every request, in the order in which they came. */
  readonly asked: AskedTurn[] = [];
  readonly #script: ModelScript;
  readonly #functions: FunctionsInProgress;
  readonly #agents = new Map<string, Agent>();
  readonly #conversations = new Map<string, Conversation>();
  readonly #unexpected: string[] = [];

  constructor(script: ModelScript, functions: FunctionsInProgress) {
    this.#script = script;
    this.#functions = functions;
  }

  /** Whose runs it is asked for from now on. */
  know(agents: readonly Agent[]): void {
    for (const agent of agents) this.#agents.set(agent.name, agent);
  }

  /** Whether a request is one of an agent that it knows. */
  knows(request: ModelRequest): boolean {
    return this.#agentOf(request) !== undefined;
  }

  /** What is said to a request; undefined where the script has nothing, which is kept as a fault. */
  async reply(request: ModelRequest): Promise<SaidTurn | undefined> {
    const told = toldModel(request);
    const agentName = this.#agentOf(request)?.name ?? "";
    const turn = this.#next(agentName, told);
    const said = typeof turn === "function" ? await this.#called(turn, told, agentName) : turn;
    this.asked.push({ ...told, agentName, said });
    return said;
  }

  /** What was asked and is in no script, a sentence each. */
  get unexpected(): readonly string[] {
    return this.#unexpected;
  }

  /** The turns that no run asked for, a sentence each. */
  get unused(): readonly string[] {
    const all = [...this.#conversations.values()];
    const scripts = Array.isArray(this.#script)
      ? [...new Set(all.map(({ agentName }) => agentName))].map((name) => [name, this.#turnsOf(name) ?? []] as const)
      : Object.entries(this.#script);
    if (Array.isArray(this.#script) && scripts.length === 0) return unusedOf(this.#script as readonly ModelTurn[], []);
    return scripts.flatMap(([name, turns]) => {
      const own = all.filter(({ agentName }) => agentName === name);
      return own.length === 0 ? unusedOf(turns, []) : own.flatMap(({ asked }) => unusedOf(turns, asked));
    });
  }

  /** The turns that a run did not ask for: of the runs of this agent with this input, the one that asked most. */
  unusedBy(agentName: string, input: string): readonly string[] {
    const { asked } = this.#conversationOf(agentName, input);
    return unusedOf(this.#turnsOf(agentName) ?? [], asked);
  }

  async #called(turn: Exclude<ModelTurn, SaidTurn>, told: ToldModel, agentName: string): Promise<SaidTurn | undefined> {
    try {
      return await this.#functions.run("A turn of the model", () => turn(told));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#unexpected.push(`The function of turn ${told.turn}${ofAgent(agentName)} threw: ${why}`);
      return undefined;
    }
  }

  #next(agentName: string, told: ToldModel): ModelTurn | undefined {
    const turns = this.#turnsOf(agentName);
    if (turns === undefined) {
      const known = Object.keys(this.#script).join(", ");
      this.#unexpected.push(
        `The model was asked in a run of ${agentName === "" ? "an agent that the kit does not know" : agentName}, and the script has turns for ${known} only.`,
      );
      return undefined;
    }
    const attempts = attemptsOf(turns)[told.turn - 1];
    const conversation = this.#conversationOf(agentName, told.input);
    const before = conversation.asked[told.turn - 1] ?? 0;
    conversation.asked[told.turn - 1] = before + 1;
    if (attempts !== undefined) return attempts[before % attempts.length];
    this.#unexpected.push(unexpectedTurn(agentName, told, attemptsOf(turns).length));
    return undefined;
  }

  #conversationOf(agentName: string, input: string): Conversation {
    const key = JSON.stringify([agentName, input]);
    const conversation = this.#conversations.get(key) ?? { agentName, input, asked: [] };
    this.#conversations.set(key, conversation);
    return conversation;
  }

  #turnsOf(agentName: string): readonly ModelTurn[] | undefined {
    if (Array.isArray(this.#script)) return this.#script;
    const byAgent = this.#script as Readonly<Record<string, readonly ModelTurn[]>>;
    return Object.hasOwn(byAgent, agentName) ? byAgent[agentName] : undefined;
  }

  /** The server tells a model no agent's name: only what it has to say and to call. */
  #agentOf({ messages, toolNames }: ModelRequest): Agent | undefined {
    const instructions = messages.find(({ role }) => role === "system")?.text ?? "";
    const names = toolNames.toSorted().join();
    return [...this.#agents.values()].findLast(({ definition, tools }) => {
      const same = tools.map(({ name }) => name).toSorted();
      return (definition.instructions === "" || definition.instructions === instructions) && same.join() === names;
    });
  }
}

/** Turns by their place in a run, each with its attempts: those that fail, and the reply. */
function attemptsOf(turns: readonly ModelTurn[]): readonly (readonly ModelTurn[])[] {
  const groups: ModelTurn[][] = [[]];
  for (const turn of turns) {
    groups.at(-1)?.push(turn);
    if (typeof turn === "function" || turn.kind !== "fails") groups.push([]);
  }
  return groups.filter((group) => group.length > 0);
}

function unusedOf(turns: readonly ModelTurn[], asked: readonly number[]): readonly string[] {
  return attemptsOf(turns).flatMap((attempts, index) =>
    attempts
      .slice(Math.min(asked[index] ?? 0, attempts.length))
      .map((turn) => `The model was not asked for turn ${index + 1} of the script: ${turnText(turn)}.`),
  );
}

function unexpectedTurn(agentName: string, { turn, results, input }: ToldModel, written: number): string {
  const has = written === 1 ? "has 1 turn" : `has ${written} turns`;
  const told = results.map(({ toolName, text }) => `${toolName}: ${text}`).join("; ");
  const last = results.length === 0 ? `Its user said: ${input}` : `It had been told ${told}`;
  return `The model was asked for turn ${turn}${ofAgent(agentName)}, and its script ${has}. ${last}`;
}

function ofAgent(agentName: string): string {
  return agentName === "" ? "" : ` in a run of ${agentName}`;
}
