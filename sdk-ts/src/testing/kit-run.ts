// One run of a kit: follows its events, decides by the script, and says what became of it.
import { AgentspanError } from "@agentspan/internal";
import type { AgentHandle } from "../agent-handle.js";
import type { Approval } from "../approval.js";
import type { JsonObject } from "../json-text.js";
import type { RunEvent, WaitingEvent } from "../run-event.js";
import type { RunStatus } from "../run-status.js";
import {
  approve,
  approveWith,
  type DecisionDetails,
  type DecisionReader,
  reject,
  respond,
  type ScriptedDecision,
  settle,
} from "./decisions.js";
import { eventLines } from "./event-lines.js";
import { KitError } from "./kit-error.js";
import { type TestedRun, testedRun } from "./tested-run.js";
import type { World } from "./world.js";

export interface KitRunOptions {
  readonly handle: AgentHandle;
  readonly world: World;
  readonly decisions: DecisionReader;
  /** What is wrong with how the model's script was used, once this run has ended. */
  readonly modelFaults: () => readonly string[];
}

/** A run that a kit has started. What waits here lets happen meanwhile what must, and time pass as far as that takes. */
export class KitRun {
  readonly runId: string;
  /** As programs have it. */
  readonly handle: AgentHandle;
  readonly #options: KitRunOptions;
  readonly #events: RunEvent[] = [];
  /** Open, of this run and of those that it started, by approval id. */
  readonly #open = new Map<string, Approval>();
  /** Of these the script decides, or is asked whether it does: what it will do, as far as that is known. */
  readonly #scripted = new Map<string, ScriptedDecision | undefined>();
  readonly #faults: KitError[] = [];
  readonly #listeners = new Set<() => void>();
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;

  constructor(options: KitRunOptions) {
    this.#options = options;
    this.handle = options.handle;
    this.runId = options.handle.runId;
    this.#ended = this.#follow();
    // Told to whoever waits for the run.
    this.#ended.catch(() => undefined);
  }

  /** Lets happen what must until the run waits for a person: for this tool, or for any. */
  async waiting(toolName?: string): Promise<Approval> {
    const find = () =>
      [...this.#open.values()].find(({ approvalId, toolName: name }) => {
        return !this.#scripted.has(approvalId) && (toolName === undefined || name === toolName);
      });
    const whatFor = toolName === undefined ? "for a person" : `for a person to decide ${toolName}`;
    const found = this.#when(find, `The run has ended and never waited ${whatFor}.`);
    const approval = await this.#until(found, () => this.#stuck());
    // Shown, as it is to whoever decides.
    await this.status();
    return approval;
  }

  /** Approves what it waits for, after waiting for it. */
  approve(details?: DecisionDetails & { readonly toolName?: string }): Promise<void> {
    return this.#decide(approve(details), details?.toolName);
  }

  /** The same, with other arguments. */
  approveWith(args: JsonObject, details?: DecisionDetails & { readonly toolName?: string }): Promise<void> {
    return this.#decide(approveWith(args, details), details?.toolName);
  }

  /** Rejects what it waits for, after waiting for it. */
  reject(reason: string, details?: Pick<DecisionDetails, "by"> & { readonly toolName?: string }): Promise<void> {
    return this.#decide(reject(reason, details), details?.toolName);
  }

  /** Answers what it waits for, after waiting for it. */
  respond(content: unknown, details?: DecisionDetails & { readonly toolName?: string }): Promise<void> {
    return this.#decide(respond(content, details), details?.toolName);
  }

  /** Says what became of a call whose outcome nobody knows, after waiting for that. */
  settle(
    outcome: Parameters<typeof settle>[0],
    details?: Parameters<typeof settle>[1] & { readonly toolName?: string },
  ): Promise<void> {
    return this.#decide(settle(outcome, details), details?.toolName);
  }

  /** Ends the run. */
  async cancel(reason = ""): Promise<void> {
    await this.#until(this.handle.cancel(reason), async () => undefined);
  }

  async status(): Promise<RunStatus> {
    return this.#until(this.handle.getStatus(), async () => undefined);
  }

  /**
   * Lets happen what must until the run has ended. Rejects with KitError where it never will, where the model was asked
   * for a turn that its script does not have, and where turns of the script are left over.
   */
  async result(): Promise<TestedRun> {
    await this.#until(this.#ended, () => this.#stuck());
    const faults = this.#options.modelFaults();
    if (faults.length > 0) throw new KitError([...faults, "", await this.#lines()].join("\n"));
    return this.soFar();
  }

  /** The run as it stands. Lets nothing happen. */
  async soFar(): Promise<TestedRun> {
    return testedRun(await this.status(), [...this.#events]);
  }

  /** Ends the following, and the run as well where it would go on without the kit. */
  async close(): Promise<void> {
    this.#stop.abort(new Error("The kit was stopped."));
    if (!this.#options.world.goesOn) return;
    const { isComplete } = await this.handle.getStatus();
    if (isComplete) return;
    try {
      await this.handle.cancel("The test is over.");
    } catch (error) {
      // It may have ended meanwhile.
      if (AgentspanError.from(error).reason !== "RUN_ENDED") throw error;
    }
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stop;
    try {
      for await (const event of this.handle.events({ after: 0, includeDeltas: false, signal }, signal)) {
        this.#events.push(event);
        this.#take(event);
        this.#tell();
      }
    } finally {
      this.#open.clear();
      this.#tell();
    }
  }

  #take(event: RunEvent): void {
    if (event.type === "waiting") {
      this.#open.set(event.approvalId, event.approval);
      this.#scripted.set(event.approvalId, undefined);
      void this.#decideByScript(event);
    } else if (event.type === "decided") this.#open.delete(event.decision?.approvalId ?? "");
    else if (event.type === "checkpoint_closed") this.#open.delete(event.approvalId);
  }

  /** Never rejects: what goes wrong is told to whoever waits for the run. */
  async #decideByScript({ approval }: WaitingEvent): Promise<void> {
    const { decisions, world } = this.#options;
    try {
      for (let again = false; ; again = true) {
        const decision = await decisions.next(approval, again);
        if (decision?.act === undefined) {
          this.#scripted.delete(approval.approvalId);
          this.#tell();
          return;
        }
        this.#scripted.set(approval.approvalId, decision);
        const { act, afterMs } = decision;
        if (afterMs > 0) await new Promise<void>((resolve) => world.later(afterMs, resolve));
        await this.#previewTaken(approval);
        if (!this.#open.has(approval.approvalId)) return;
        if (await act(this.handle, approval)) return;
      }
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const text = this.#scripted.get(approval.approvalId)?.text ?? "The decision";
      this.#faults.push(new KitError(`${text} of ${approval.toolName} was refused: ${why}`));
      this.#tell();
    }
  }

  /** Whoever decides looks at what the call would do first, where its tool shows that. */
  async #previewTaken({ approvalId, preview }: Approval): Promise<void> {
    if (preview?.status !== "PENDING") return;
    const taken = () => this.#events.some((event) => event.type === "preview_taken" && event.approvalId === approvalId);
    await this.#when(() => (taken() || !this.#open.has(approvalId) ? true : undefined), "The run has ended.");
    await this.handle.getStatus();
  }

  async #decide(decision: ScriptedDecision, toolName: string | undefined): Promise<void> {
    const approval = await this.waiting(toolName);
    if (decision.act === undefined) return;
    const decided = await this.#until(decision.act(this.handle, approval), async () => undefined);
    // So that what waits next is something else.
    const closed = () => (this.#open.has(approval.approvalId) ? undefined : true);
    if (decided) await this.#until(this.#when(closed, "The run has ended."), async () => undefined);
  }

  /** Resolves when there is something to find. Rejects with a KitError where the run has ended without. */
  #when<T>(find: () => T | undefined, never: string): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let over = false;
      const end = (settle: () => void) => {
        if (over) return;
        over = true;
        this.#listeners.delete(look);
        settle();
      };
      const look = () => {
        const found = find();
        if (found !== undefined) end(() => resolve(found));
      };
      this.#listeners.add(look);
      look();
      this.#ended.then(
        () => end(() => void this.#fault(never).then(reject)),
        (error: unknown) => end(() => reject(error)),
      );
    });
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** As the world's, unless a decision of the script went wrong. */
  async #until<T>(what: Promise<T>, stuck: () => Promise<KitError | undefined>): Promise<T> {
    const fault = new Promise<never>((_, reject) => {
      const look = () => {
        const [first] = this.#faults.splice(0);
        if (first !== undefined) reject(first);
      };
      this.#listeners.add(look);
      look();
      const forget = () => this.#listeners.delete(look);
      what.then(forget, forget);
    });
    return this.#options.world.until(Promise.race([what, fault]), stuck);
  }

  /** Why the run never ends, where it waits for people and nobody comes. */
  async #stuck(): Promise<KitError | undefined> {
    const { state, pendingApprovals } = await this.handle.getStatus();
    if (state === "PAUSED") return this.#fault("The run is paused, and nobody resumes it.");
    if (state !== "WAITING") return undefined;
    const lasting = pendingApprovals.filter(({ approvalId, expiresAt }) => {
      return expiresAt === undefined && !this.#scripted.has(approvalId);
    });
    if (lasting.length < pendingApprovals.length) return undefined;
    const names = lasting.map(({ toolName, argumentsJson }) => `${toolName} ${argumentsJson}`).join(" and ");
    const remedy = `Write down what they do, as decisions: { ${lasting[0]?.toolName}: approve() } of the kit, or decide in the test, as with run.approve().`;
    return this.#fault(`The run waits for a person to decide ${names}, and nobody does. ${remedy}`);
  }

  async #fault(text: string): Promise<KitError> {
    return new KitError(`${text}\n\n${await this.#lines()}`);
  }

  async #lines(): Promise<string> {
    return eventLines(testedRun(await this.handle.getStatus(), this.#events));
  }
}
