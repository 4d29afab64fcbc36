// The model of a kit: it says what the test wrote down. What it is asked beyond that is a fault, and so is what it was
// not asked for: a script says exactly what a run did.
//
// A run is known by its conversation alone, as the server shows it: whose instructions and tools, and what the user said.
// Turns that fail belong to the reply after them: they are the attempts at one turn.
import type { Agent } from "../../agent.js";
import { shown } from "../../option-check.js";
import type { FunctionsInProgress } from "../stack/functions-in-progress.js";
import {
  isSaidTurn,
  type ModelScript,
  type ModelTurn,
  requireModelScript,
  type SaidTurn,
  SUCH_AS,
  turnText,
} from "./model-turn.js";
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
  /** Of a plain list of turns: the agent that was asked for first. */
  #owner = "";

  /** Throws KitError where it is not written as a script is. */
  constructor(script: ModelScript, functions: FunctionsInProgress) {
    requireModelScript(script);
    this.#script = script;
    this.#functions = functions;
  }

  /** The agents whose turns the script has, where it has them by agent. */
  get agentNames(): readonly string[] {
    return Array.isArray(this.#script) ? [] : Object.keys(this.#script);
  }

  /** Whose runs it is asked for from now on. */
  know(agents: readonly Agent[]): void {
    for (const agent of agents) this.#agents.set(agent.name, agent);
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
    const name = `The function of turn ${told.turn}${ofAgent(agentName)}`;
    try {
      const said: unknown = await this.#functions.run("A turn of the model", () => turn(told));
      if (isSaidTurn(said)) return said;
      this.#unexpected.push(`${name} gave ${shown(said)}, and not ${SUCH_AS}.`);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#unexpected.push(`${name} threw: ${why}`);
    }
    return undefined;
  }

  #next(agentName: string, told: ToldModel): ModelTurn | undefined {
    if (Array.isArray(this.#script)) {
      this.#owner ||= agentName;
      if (agentName !== "" && agentName !== this.#owner) {
        this.#unexpected.push(
          `The model was asked in a run of ${agentName}, and the script's turns are those of ${this.#owner}. Give the turns by agent: model: { ${keyOf(this.#owner)}: [...], ${keyOf(agentName)}: [...] }.`,
        );
        return undefined;
      }
    }
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
  return attemptsOf(turns).flatMap((attempts, index) => {
    const left = attempts.slice(Math.min(asked[index] ?? 0, attempts.length)).map(turnText);
    return [...new Set(left)].map((text) => {
      const count = left.filter((other) => other === text).length;
      const times = count === 1 ? "" : ` another ${count} times`;
      return `The model was not asked for turn ${index + 1} of the script${times}: ${text}.`;
    });
  });
}

function unexpectedTurn(agentName: string, { turn, results, input, messages }: ToldModel, written: number): string {
  const has = written === 1 ? "has 1 turn" : `has ${written} turns`;
  const told = results.map(({ toolName, text }) => `${toolName}: ${text}`).join("; ");
  // The server's own words, where an answer of the model does not fit the agent's output schema.
  const said = turn === 1 ? `Its user said: ${input}` : `It had been told: ${messages.at(-1)?.text ?? ""}`;
  const last = results.length === 0 ? said : `It had been told ${told}`;
  return `The model was asked for turn ${turn}${ofAgent(agentName)}, and its script ${has}. ${last}`;
}

/** A name as it is written as a key. */
function keyOf(name: string): string {
  return /^\w+$/.test(name) ? name : JSON.stringify(name);
}

function ofAgent(agentName: string): string {
  return agentName === "" ? "" : ` in a run of ${agentName}`;
}
