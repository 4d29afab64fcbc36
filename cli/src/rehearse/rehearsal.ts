// Past calls by a policy that somebody thinks of: with the very functions by which the server's core decides.
import {
  type Agent,
  definitionAsks,
  isOneOf,
  type ToolDefinition,
  takesGrants,
  toolOf,
} from "@agentspan/orchestrator/core";
import { encodeAgent, textFunctions, toCore } from "@agentspan/orchestrator/in-process";
import { AgentDefinitionSchema, type Tool } from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import type { Answered, LetBy, PastCall } from "./past-calls.js";

export interface Counted {
  calls: number;
  /** Would run without anybody being asked. */
  unasked: number;
  /** Would wait for a person. */
  asked: number;
}

export interface RehearsalCounts {
  readonly calls: number;
  readonly letBy: Readonly<Record<LetBy, Counted>>;
  /** Of the calls that people were asked about and that would run unasked: what people had said. */
  readonly spared: Readonly<Record<Answered, number>>;
  /** Votes that were asked for, votes that the policy asks for, and how many more on calls that were asked about before. */
  readonly votes: { readonly before: number; readonly now: number; readonly more: number };
  /** Calls that a standing grant let run, that the policy asks about, and that the grant would let run again. */
  readonly byGrantAgain: number;
  /** Calls that people were asked about since the tool's owner said so: by the owner's word they would be again. */
  readonly byOwner: number;
  /** Approvals by people whom the policy does not name. */
  readonly byOthers: number;
  /** Calls that wait since the rule cannot be applied to them, and the first reason. */
  readonly unclear: { readonly calls: number; readonly first: string };
  readonly agents: readonly string[];
}

/** Counts what a policy makes of calls, one by one. */
export class Rehearsal {
  readonly #tool: ToolDefinition;
  readonly #letBy: Record<LetBy, Counted> = { people: none(), grant: none(), nobody: none() };
  readonly #spared = { approved: 0, edited: 0, rejected: 0, responded: 0, expired: 0, undecided: 0 };
  readonly #votes = { before: 0, now: 0, more: 0 };
  readonly #unclear = { calls: 0, first: "" };
  readonly #agents = new Set<string>();
  #byGrantAgain = 0;
  #byOwner = 0;
  #byOthers = 0;
  /** Calls that it would let run unasked and that people had not let run as they were, the newest first. */
  readonly letThrough: PastCall[] = [];

  constructor(tool: Tool) {
    const definition = create(AgentDefinitionSchema, { name: "rehearsed", model: "none/none", tools: [tool] });
    const agent: Agent = toCore(definition, encodeAgent(definition).version);
    const found = toolOf(agent, tool.name);
    if (found === undefined) throw new TypeError(`There is no tool ${tool.name} in what was made of it.`);
    this.#tool = found;
  }

  take(call: PastCall): void {
    const { letBy, answered, votesRequired } = call;
    const { approval } = this.#tool;
    this.#agents.add(call.agentName);
    const counted = this.#letBy[letBy];
    counted.calls += 1;
    if (call.byOwner) this.#byOwner += 1;
    if (letBy === "people") this.#votes.before += votesRequired;
    const decides = (answered === "approved" || answered === "edited") && letBy === "people";
    if (decides && !this.#names(call)) this.#byOthers += 1;
    if (!this.#asks(call)) {
      counted.unasked += 1;
      if (letBy !== "people") return;
      this.#spared[answered] += 1;
      if (["rejected", "edited", "responded"].includes(answered)) this.letThrough.push(call);
      return;
    }
    if (letBy === "grant" && takesGrants(this.#tool) && this.#names(call)) {
      counted.unasked += 1;
      this.#byGrantAgain += 1;
      return;
    }
    counted.asked += 1;
    this.#votes.now += approval.votesRequired;
    if (letBy === "people") this.#votes.more += Math.max(0, approval.votesRequired - votesRequired);
  }

  get counts(): RehearsalCounts {
    const { people, grant, nobody } = this.#letBy;
    return {
      calls: people.calls + grant.calls + nobody.calls,
      letBy: this.#letBy,
      spared: this.#spared,
      votes: this.#votes,
      byGrantAgain: this.#byGrantAgain,
      byOwner: this.#byOwner,
      byOthers: this.#byOthers,
      unclear: this.#unclear,
      agents: [...this.#agents].toSorted(),
    };
  }

  /** A rule that fails, or says neither true nor false, asks. */
  #asks({ arguments: args, labels }: PastCall): boolean {
    let unclear: string | undefined;
    const text: Pick<typeof textFunctions, "ruleVerdict"> = {
      ruleVerdict: (rule, input) => {
        const verdict = textFunctions.ruleVerdict(rule, input);
        unclear = verdict.problem;
        return verdict;
      },
    };
    const asked = definitionAsks(this.#tool, text, { arguments: args, labels }) !== undefined;
    if (unclear === undefined) return asked;
    if (this.#unclear.calls === 0) this.#unclear.first = unclear;
    this.#unclear.calls += 1;
    return asked;
  }

  /** Whether whoever decided could by this policy; by a group as far as the record tells it. */
  #names({ decider }: PastCall): boolean {
    const { approvers } = this.#tool.approval;
    return approvers === undefined || (decider !== undefined && isOneOf(approvers, decider));
  }
}

function none(): Counted {
  return { calls: 0, unasked: 0, asked: 0 };
}
