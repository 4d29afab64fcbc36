import { newId } from "@agentspan/internal";
import {
  type ApproveResponse,
  type RejectResponse,
  type RespondResponse,
  RunService,
  type RunStatus as RunStatusMessage,
  SettleOutcome,
  type SettleResponse,
} from "@agentspan/proto";
import type { AgentResult } from "./agent-result.js";
import { agentResultOf } from "./agent-result.js";
import { AgentStream, STREAM_OPTIONS, type StreamOptions } from "./agent-stream.js";
import { type Approval, type Decision, decisionOf, type Preview } from "./approval.js";
import {
  APPROVE_OPTIONS,
  type ApproveOptions,
  DECIDE_OPTIONS,
  type DecideOptions,
  RESPOND_OPTIONS,
  type RespondOptions,
  SETTLE_OPTIONS,
  type SettleOptions,
} from "./decide-options.js";
import { withDecided } from "./decided-signal.js";
import { createDecisionLink, type DecisionLink, type DecisionLinkOptions } from "./decision-link.js";
import { type EventFeedOptions, eventFeed } from "./event-feed.js";
import { withArguments } from "./event-mapping.js";
import { toJsonText } from "./json-text.js";
import { requireKind, requireOptions } from "./option-check.js";
import type { RunClient } from "./rpc/run-client.js";
import { isTerminal, type RunEvent } from "./run-event.js";
import { type RunStatus, runStatusOf } from "./run-status.js";
import { type DecisionKind, onlyOpen, ShownApprovals } from "./shown-approvals.js";
import { wholeApprovals } from "./whole-approvals.js";

export interface ApproveResult {
  readonly decision: Decision | undefined;
  /** The checkpoint is decided. */
  readonly closed: boolean;
  readonly votesMissing: number;
  /** This decision had been taken already; the answer is the first one's. */
  readonly repeated: boolean;
}

export interface DecideResult {
  readonly decision: Decision | undefined;
  readonly repeated: boolean;
}

/**
 * One run, by its id: the same wherever it is made, in whatever process. All methods throw AgentspanError.
 *
 * `approve`, `reject` and `respond` decide what this handle last showed, through getStatus or an event; where it has
 * shown nothing they read the status and want exactly one open approval (else NOTHING_TO_DECIDE, SETTLE_REQUIRED or
 * APPROVAL_ID_REQUIRED). Each call is one human act with one decision id, kept over its retries.
 */
export class AgentHandle {
  readonly runId: string;
  readonly #client: RunClient;
  readonly #shown = new ShownApprovals();

  constructor(
    of: ({ readonly runId: string } | { readonly executionId: string }) & {
      readonly runtime: { readonly client: RunClient };
    },
  ) {
    this.runId = "runId" in of ? of.runId : of.executionId;
    this.#client = of.runtime.client;
  }

  /** The run id by its other name. */
  get executionId(): string {
    return this.runId;
  }

  async getStatus(options: { readonly signal?: AbortSignal } = {}): Promise<RunStatus> {
    const status = await this.#readStatus(options.signal);
    this.#shown.show(status.pendingApprovals);
    return status;
  }

  /** Votes for a call to run. `closed` says whether that decided it. */
  async approve(options: ApproveOptions = {}): Promise<ApproveResult> {
    requireOptions(options, "approve()", APPROVE_OPTIONS);
    const editedArgumentsJson =
      options.editedArguments === undefined ? "" : toJsonText(options.editedArguments, "editedArguments");
    return this.#decide("decision", options, async ({ preview, ...about }) => {
      const seen = options.previewFingerprint ?? (preview?.status === "SHOWN" ? preview.fingerprint : undefined);
      const answer = await this.#client.call(RunService.method.approve, {
        ...about,
        ...(seen === undefined ? {} : { previewFingerprint: seen }),
        argumentsDigest: options.argumentsDigest ?? about.argumentsDigest,
        comment: options.comment ?? "",
        editedArgumentsJson,
      });
      return approveResultOf(answer);
    });
  }

  /** Refuses a call: the model gets the reason and the run goes on. */
  async reject(reason: string, options: DecideOptions = {}): Promise<DecideResult> {
    requireKind(reason, "text", "reason", "The reason of reject()");
    requireOptions(options, "reject()", DECIDE_OPTIONS);
    return this.#decide("decision", options, async ({ preview: _, ...about }) =>
      decideResultOf(await this.#client.call(RunService.method.reject, { ...about, reason })),
    );
  }

  /** Answers a question, or stands in for a tool that then does not run. The content is sent as JSON. */
  async respond(content: unknown, options: RespondOptions = {}): Promise<DecideResult> {
    requireOptions(options, "respond()", RESPOND_OPTIONS);
    const contentJson = toJsonText(content, "content");
    return this.#decide("decision", options, async ({ argumentsDigest: _, preview: _preview, ...about }) => {
      const request = { ...about, contentJson, comment: options.comment ?? "" };
      return decideResultOf(await this.#client.call(RunService.method.respond, request));
    });
  }

  /**
   * Says what became of a call whose outcome is unknown: HAPPENED (with its result), RUN_AGAIN (which counts as a new
   * approval), or GIVE_UP.
   */
  async settle(outcome: "HAPPENED" | "RUN_AGAIN" | "GIVE_UP", options: SettleOptions = {}): Promise<ApproveResult> {
    requireOptions(options, "settle()", SETTLE_OPTIONS);
    const resultJson = options.result === undefined ? "" : toJsonText(options.result, "result");
    return this.#decide("settlement", options, async ({ argumentsDigest: _, preview: _preview, ...about }) => {
      const request = { ...about, outcome: SettleOutcome[outcome], resultJson, comment: options.comment ?? "" };
      const answer = await this.#client.call(RunService.method.settle, request);
      return approveResultOf(answer);
    });
  }

  /**
   * Makes a link by which one person decides an approval of this run, once, with the arguments that it has now. With
   * authentication on they must still sign in as that person. Takes the role of an approver, and signing keys.
   */
  createDecisionLink(person: string, options: DecisionLinkOptions = {}): Promise<DecisionLink> {
    return createDecisionLink(this.#client, this.runId, person, options);
  }

  /** Ends the run. Approvals close at once; the end waits for guarded calls that a worker has begun. */
  async cancel(reason = ""): Promise<RunStatus> {
    return this.#statusOf((await this.#client.call(RunService.method.cancel, { runId: this.runId, reason })).status);
  }

  /** Starts nothing new until resume. */
  async pause(reason = ""): Promise<RunStatus> {
    const asked = { runId: this.runId, reason, requestId: newId("req") };
    return this.#statusOf((await this.#client.call(RunService.method.pause, asked)).status);
  }

  async resume(): Promise<RunStatus> {
    const asked = { runId: this.runId, requestId: newId("req") };
    return this.#statusOf((await this.#client.call(RunService.method.resume, asked)).status);
  }

  /** Events from the first, or after a sequence, then live until the run ends. */
  stream(options: StreamOptions = {}): AgentStream {
    requireOptions(options, "stream()", STREAM_OPTIONS);
    return new AgentStream(this, options);
  }

  /** What a stream is made of: one pass over the events; each `waiting` event counts as shown. `watch` ends their signals. */
  async *events(feed: EventFeedOptions, watch?: AbortSignal): AsyncGenerator<RunEvent> {
    for await (const event of eventFeed(this.#client, this.runId, feed)) {
      if (event.type !== "waiting") {
        yield event;
        continue;
      }
      const whole = await withArguments(event, this.#client, feed.signal);
      this.#shown.show([whole.approval]);
      yield withDecided(whole, this.#client, watch);
    }
  }

  /** Waits until the run has ended, over restarts of the server. */
  async wait(options: { readonly signal?: AbortSignal } = {}): Promise<RunStatus> {
    const stop = new AbortController();
    const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
    try {
      for (;;) {
        const status = await this.#readStatus(signal);
        if (status.isComplete) return status;
        const feed = { after: status.lastSequence, includeDeltas: false, signal };
        for await (const event of eventFeed(this.#client, this.runId, feed)) if (isTerminal(event)) break;
      }
    } finally {
      stop.abort();
    }
  }

  /** Waits until the run has ended and says what became of it. */
  async result(options: { readonly signal?: AbortSignal } = {}): Promise<AgentResult> {
    return agentResultOf(await this.wait(options));
  }

  async #readStatus(signal?: AbortSignal): Promise<RunStatus> {
    const { status } = await this.#client.call(RunService.method.getStatus, { runId: this.runId }, signal);
    return this.#statusOf(status, signal);
  }

  async #statusOf(status: RunStatusMessage | undefined, signal?: AbortSignal): Promise<RunStatus> {
    if (status === undefined) throw new TypeError("The server answered without a status.");
    return runStatusOf({
      ...status,
      pendingApprovals: await wholeApprovals(this.#client, status.pendingApprovals, signal),
    });
  }

  async #decide<T>(
    kind: DecisionKind,
    options: DecideOptions,
    send: (about: {
      runId: string;
      approvalId: string;
      argumentsDigest: string;
      decisionId: string;
      onBehalfOf: string;
      preview: Preview | undefined;
    }) => Promise<T>,
  ): Promise<T> {
    const approval = await this.#pin(kind, options.approvalId);
    const answer = await send({
      runId: this.runId,
      approvalId: approval.approvalId,
      argumentsDigest: approval.argumentsDigest,
      decisionId: options.decisionId ?? newId("dec"),
      onBehalfOf: options.onBehalfOf ?? "",
      preview: approval.preview,
    });
    this.#shown.forget();
    return answer;
  }

  async #pin(
    kind: DecisionKind,
    approvalId?: string,
  ): Promise<Pick<Approval, "approvalId" | "argumentsDigest" | "preview">> {
    if (approvalId !== undefined) {
      return this.#shown.find(approvalId) ?? { approvalId, argumentsDigest: "", preview: undefined };
    }
    return this.#shown.pinned(kind) ?? onlyOpen(this.runId, (await this.#readStatus()).pendingApprovals, kind);
  }
}

function approveResultOf(answer: ApproveResponse | SettleResponse): ApproveResult {
  const { closed, votesMissing, repeated } = answer;
  return { decision: answer.decision && decisionOf(answer.decision), closed, votesMissing, repeated };
}

function decideResultOf(answer: RejectResponse | RespondResponse): DecideResult {
  return { decision: answer.decision && decisionOf(answer.decision), repeated: answer.repeated };
}
