// One run of a kit: follows its events, decides by the script, and says what became of it.
import { AgentspanError } from "@agentspan/internal";
import type { Agent } from "../agent.js";
import type { AgentHandle } from "../agent-handle.js";
import type { Approval } from "../approval.js";
import type { JsonObject } from "../json-text.js";
import type { RunEvent, WaitingEvent } from "../run-event.js";
import type { RunStatus } from "../run-status.js";
import type { DecisionReader } from "./decision-reader.js";
import {
  approve,
  approveWith,
  type DecisionDetails,
  reject,
  respond,
  type ScriptedDecision,
  settle,
} from "./decisions.js";
import { eventLines } from "./event-lines.js";
import { KitError } from "./kit-error.js";
import { knownTools } from "./known-tools.js";
import { News } from "./news.js";
import { endedEarly, neverWaited, severalWait, stuckFor, waitsForWhat } from "./run-words.js";
import { type TestedRun, testedRun } from "./tested-run.js";
import { detailsOf, type WhichApproval } from "./which-approval.js";
import type { Outlook, World } from "./world.js";

export interface KitRunOptions {
  readonly agent: Agent;
  readonly handle: AgentHandle;
  readonly world: World;
  readonly decisions: DecisionReader;
  /** What is wrong with how the model's script was used, once this run has ended. */
  readonly modelFaults: () => { readonly unexpected: readonly string[]; readonly unused: readonly string[] };
}

/** So long, by the kit's clock, nobody takes a call before it counts as one that nobody ever takes. Milliseconds. */
const BLOCKED_FOR_MS = 60_000;

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
  readonly #news = new News();
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;
  readonly #outlook: Outlook = {
    stuck: () => this.#stuck(),
    waitsFor: async () => waitsForWhat(await this.handle.getStatus()),
  };
  /** Since when workers take none of some tool's calls, by the kit's clock. */
  #blockedSince: number | undefined;

  constructor(options: KitRunOptions) {
    this.#options = options;
    this.handle = options.handle;
    this.runId = options.handle.runId;
    this.#ended = this.#follow();
    // Told to whoever waits for the run.
    this.#ended.catch(() => undefined);
  }

  /**
   * Lets happen what must until the run waits for a person: for this tool, also where the script decides it; or for any
   * that the script does not decide.
   */
  async waiting(toolName?: string): Promise<Approval> {
    return this.#waiting(toolName === undefined ? {} : { toolName });
  }

  /** Approves what it waits for, after waiting for it. Which one is to be said where several wait. */
  async approve(options: DecisionDetails & WhichApproval = {}): Promise<void> {
    const [which, details] = detailsOf("run.approve()", options);
    return this.#decide(approve(details), which);
  }

  /** The same, with other arguments. */
  async approveWith(args: JsonObject, options: DecisionDetails & WhichApproval = {}): Promise<void> {
    const [which, details] = detailsOf("run.approveWith()", options);
    return this.#decide(approveWith(args, details), which);
  }

  /** Rejects what it waits for, after waiting for it. */
  async reject(reason: string, options: Pick<DecisionDetails, "by"> & WhichApproval = {}): Promise<void> {
    const [which, details] = detailsOf("run.reject()", options);
    return this.#decide(reject(reason, details), which);
  }

  /** Answers what it waits for, after waiting for it. */
  async respond(content: unknown, options: DecisionDetails & WhichApproval = {}): Promise<void> {
    const [which, details] = detailsOf("run.respond()", options);
    return this.#decide(respond(content, details), which);
  }

  /** Says what became of a call whose outcome nobody knows, after waiting for that. */
  async settle(
    outcome: Parameters<typeof settle>[0],
    options: NonNullable<Parameters<typeof settle>[1]> & WhichApproval = {},
  ): Promise<void> {
    const [which, details] = detailsOf("run.settle()", options);
    return this.#decide(settle(outcome, details), which);
  }

  /** Ends the run. */
  async cancel(reason = ""): Promise<void> {
    await this.#until(this.handle.cancel(reason));
  }

  async status(): Promise<RunStatus> {
    return this.#until(this.handle.getStatus());
  }

  /**
   * Lets happen what must until the run has ended. Rejects with KitError where it never will, where the model was asked
   * for a turn that its script does not have, where turns of the script are left over, and where what people decide by
   * the script came to nothing.
   */
  async result(): Promise<TestedRun> {
    await this.#until(this.#ended, this.#outlook);
    const { unexpected, unused } = this.#options.modelFaults();
    const faults = [...unexpected, ...unused, ...this.#options.decisions.faults];
    if (faults.length === 0) return this.soFar();
    const early = unused.length > 0 ? endedEarly(await this.status()) : [];
    throw new KitError([...early, ...faults, "", await this.#lines()].join("\n"));
  }

  /** The run as it stands. Lets nothing happen. */
  async soFar(): Promise<TestedRun> {
    return testedRun(await this.status(), [...this.#events], knownTools(this.#options.agent));
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
        this.#news.tell();
      }
    } finally {
      this.#open.clear();
      this.#news.tell();
    }
  }

  #take(event: RunEvent): void {
    const { decisions } = this.#options;
    if (event.type === "waiting") {
      this.#open.set(event.approvalId, event.approval);
      this.#scripted.set(event.approvalId, undefined);
      void this.#decideByScript(event);
    } else if (event.type === "decided") {
      const approvalId = event.decision?.approvalId ?? "";
      this.#open.delete(approvalId);
      decisions.closed(approvalId);
    } else if (event.type === "checkpoint_closed") {
      const approval = this.#open.get(event.approvalId);
      this.#open.delete(event.approvalId);
      if (approval !== undefined && event.why === "EXPIRED") decisions.expired(approval);
      else decisions.closed(event.approvalId);
    } else if (event.type === "child_started") {
      const call = this.#events.find((one) => one.type === "tool_call" && one.callId === event.callId);
      if (call?.type === "tool_call") decisions.ran(call.toolName);
    }
  }

  /** Never rejects: what goes wrong is told to whoever waits for the run. */
  async #decideByScript({ approval }: WaitingEvent): Promise<void> {
    const { decisions, world } = this.#options;
    try {
      for (let again = false; ; again = true) {
        const decision = await decisions.next(approval, again);
        if (decision?.act === undefined) {
          this.#scripted.delete(approval.approvalId);
          this.#news.tell();
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
      if (this.#stop.signal.aborted) return;
      const why = error instanceof Error ? error.message : String(error);
      const text = this.#scripted.get(approval.approvalId)?.text;
      const refused = text === undefined ? why : `${text} of ${approval.toolName} was refused: ${why}`;
      this.#faults.push(await this.#fault(refused));
      this.#news.tell();
    }
  }

  /** Whoever decides looks at what the call would do first, where its tool shows that. */
  async #previewTaken({ approvalId, preview }: Approval): Promise<void> {
    if (preview?.status !== "PENDING") return;
    const taken = () => this.#events.some((event) => event.type === "preview_taken" && event.approvalId === approvalId);
    await this.#when(
      () => (taken() || !this.#open.has(approvalId) ? true : undefined),
      () => "The run has ended.",
    );
    await this.handle.getStatus();
  }

  async #waiting(which: WhichApproval): Promise<Approval> {
    const never = () => neverWaited(this.#events, which);
    const approval = await this.#until(
      this.#when(() => this.#matching(which)[0], never),
      this.#outlook,
    );
    // Shown, as it is to whoever decides.
    await this.status();
    return approval;
  }

  #matching({ toolName, approvalId }: WhichApproval): readonly Approval[] {
    return [...this.#open.values()].filter((approval) => {
      if (approvalId !== undefined) return approval.approvalId === approvalId;
      if (toolName !== undefined) return approval.toolName === toolName;
      return !this.#scripted.has(approval.approvalId);
    });
  }

  async #decide(decision: ScriptedDecision, which: WhichApproval): Promise<void> {
    const approval = await this.#waiting(which);
    const several = this.#matching(which);
    if (several.length > 1) throw await this.#fault(severalWait(several));
    if (decision.act === undefined) return;
    const decided = await this.#until(decision.act(this.handle, approval));
    // So that what waits next is something else.
    const closed = () => (this.#open.has(approval.approvalId) ? undefined : true);
    if (decided) await this.#until(this.#when(closed, () => "The run has ended."));
  }

  /** Resolves when there is something to find. Rejects with a KitError where the run has ended without. */
  #when<T>(find: () => T | undefined, never: () => string): Promise<T> {
    return this.#news.until(find, this.#ended, () => this.#fault(never()));
  }

  /** As the world's, unless a decision of the script went wrong. */
  async #until<T>(what: Promise<T>, outlook?: Outlook): Promise<T> {
    const fault = new Promise<never>((_, reject) => {
      const forget = this.#news.each(() => {
        const [first] = this.#faults.splice(0);
        if (first !== undefined) reject(first);
      });
      what.then(forget, forget);
    });
    return this.#options.world.until(Promise.race([what, fault]), outlook);
  }

  /** Why the run never ends, where it waits for people or workers and nobody comes. */
  async #stuck(): Promise<KitError | undefined> {
    const { agent, world } = this.#options;
    const status = await this.handle.getStatus();
    const now = world.now().getTime();
    this.#blockedSince = status.blocked.length === 0 ? undefined : (this.#blockedSince ?? now);
    // Elsewhere a worker that is no part of the test may come.
    const blocked = !world.goesOn && this.#blockedSince !== undefined && now - this.#blockedSince >= BLOCKED_FOR_MS;
    const why = stuckFor({ agent, status, blocked, scripted: (approvalId) => this.#scripted.has(approvalId) });
    return why === undefined ? undefined : this.#fault(why);
  }

  async #fault(text: string): Promise<KitError> {
    return new KitError(`${text}\n\n${await this.#lines()}`);
  }

  async #lines(): Promise<string> {
    return eventLines(testedRun(await this.handle.getStatus(), this.#events));
  }
}
