// Reads what people decide off a script, and knows what of it came to nothing: whatever a test says of people is to have
// taken place, or the agent asked otherwise than the test believes.
import type { Approval } from "../approval.js";
import { shown } from "../option-check.js";
import { type DecisionScript, isDecision, type ScriptedDecision, SUCH_AS, type ToolDecisions } from "./decisions.js";
import { KitError } from "./kit-error.js";
import { checkKind } from "./script-check.js";
import type { FunctionsInProgress } from "./stack/functions-in-progress.js";

export class DecisionReader {
  readonly #script: DecisionScript;
  readonly #functions: FunctionsInProgress;
  /** How many decisions of its list each tool has had. */
  readonly #taken = new Map<string, number>();
  readonly #asked = new Set<string>();
  readonly #ran = new Set<string>();
  /** Approvals that came after their tool's list had ended, or whose decision of a list is still to come. */
  readonly #open = new Map<string, ScriptedDecision | "ended">();
  readonly #ineffective: string[] = [];

  /** Throws KitError where it is not written as a script is. */
  constructor(script: DecisionScript, functions: FunctionsInProgress) {
    checkKind(script, "object", "decisions");
    for (const [toolName, decisions] of Object.entries<unknown>(script)) requireDecisions(toolName, decisions);
    this.#script = script;
    this.#functions = functions;
  }

  /** The tools that people decide. */
  get toolNames(): readonly string[] {
    return Object.keys(this.#script);
  }

  /**
   * Each approval takes the next decision of its tool. Undefined where the script has none (any more). `again`: the one
   * before did not decide it by itself. Rejects with KitError where a function gives none.
   */
  async next(approval: Approval, again: boolean): Promise<ScriptedDecision | undefined> {
    const { toolName, approvalId } = approval;
    this.#asked.add(toolName);
    const decisions = this.#decisionsOf(toolName);
    if (decisions === undefined) return undefined;
    if (!isList(decisions)) {
      if (again) return undefined;
      return typeof decisions === "function" ? this.#called(decisions, approval) : decisions;
    }
    const taken = this.#taken.get(toolName) ?? 0;
    this.#taken.set(toolName, taken + 1);
    this.#open.set(approvalId, decisions[taken] ?? "ended");
    return decisions[taken];
  }

  /** A worker ran a tool, or a run was started for a call of it. */
  ran(toolName: string): void {
    this.#ran.add(toolName);
  }

  /** An approval was decided, or is not wanted any more. */
  closed(approvalId: string): void {
    this.#open.delete(approvalId);
  }

  /** Nobody decided an approval in time. */
  expired({ approvalId, toolName }: Approval): void {
    const decision = this.#open.get(approvalId);
    this.#open.delete(approvalId);
    if (decision === "ended") {
      this.#ineffective.push(
        `${toolName} was asked for once more than its list of decisions is long, and that expired. Where that is meant, end the list with nobody().`,
      );
    } else if (decision?.act !== undefined) {
      this.#ineffective.push(
        `${decision.text} of ${toolName} came to nothing: the approval had expired by then. Where that is meant, write nobody() in its place.`,
      );
    }
  }

  /** What was decided in vain by now, a sentence each. */
  get faults(): readonly string[] {
    const unasked = [...this.#unasked].map((toolName) => {
      const decisions = this.#decisionsOf(toolName) ?? [];
      const texts = [decisions].flat().map((one) => (isDecision(one) ? one.text : ""));
      return `${toolName} ran, and nobody was asked to decide it: ${texts.join(", ")} came to nothing. Where it may run unasked, make that a function: () => ${texts[0]}.`;
    });
    return [...this.#ineffective, ...unasked];
  }

  /** Decisions of lists that nobody was asked for, a sentence each. */
  get unused(): readonly string[] {
    const told = this.#unasked;
    return Object.entries(this.#script).flatMap(([toolName, decisions]) => {
      if (!isList(decisions) || told.has(toolName)) return [];
      const left = decisions.slice(this.#taken.get(toolName) ?? 0);
      return left.map(({ text }) => `Nobody was asked to decide ${toolName} so often: ${text} is left over.`);
    });
  }

  /** Tools that ran and that nobody was ever asked for, though the script has people decide them. */
  get #unasked(): ReadonlySet<string> {
    const unasked = [...this.#ran].filter((toolName) => {
      const decisions = this.#decisionsOf(toolName);
      if (decisions === undefined || typeof decisions === "function" || this.#asked.has(toolName)) return false;
      return [decisions].flat().some((one) => isDecision(one) && one.act !== undefined);
    });
    return new Set(unasked);
  }

  #decisionsOf(toolName: string): ToolDecisions | undefined {
    return Object.hasOwn(this.#script, toolName) ? this.#script[toolName] : undefined;
  }

  async #called(
    decide: Extract<ToolDecisions, (approval: Approval) => unknown>,
    approval: Approval,
  ): Promise<ScriptedDecision> {
    const name = `The function in decisions of ${approval.toolName}`;
    let decision: unknown;
    try {
      decision = await this.#functions.run(name, () => decide(approval));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new KitError(`${name} threw: ${why}`, { cause: error });
    }
    if (!isDecision(decision)) throw new KitError(`${name} gave ${shown(decision)}, and not ${SUCH_AS}.`);
    return decision;
  }
}

function requireDecisions(toolName: string, decisions: unknown): void {
  if (typeof decisions === "function") return;
  for (const one of [decisions].flat()) {
    if (!isDecision(one)) throw new KitError(`decisions of ${toolName} has ${shown(one)}, and not ${SUCH_AS}.`);
  }
}

function isList(decisions: ToolDecisions): decisions is readonly ScriptedDecision[] {
  return Array.isArray(decisions);
}
