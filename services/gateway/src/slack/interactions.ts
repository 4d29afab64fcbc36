// POST /slack/interactions: what people press in messages of ours in Slack. Each press is a decision like one at the desk:
// of the same person, by the same rights, about the approval and the arguments that stood in the message, and once.
import { createHash } from "node:crypto";
import { AgentspanError, type Logger, type SlackApi, slackEscaped, sleep, systemTime } from "@agentspan/internal";
import { isSeen } from "@agentspan/internal/characters";
import {
  ApprovalService,
  ApproveRequestSchema,
  DecisionOutcome,
  GetApprovalRequestSchema,
  GetStatusRequestSchema,
  RejectRequestSchema,
  RunService,
} from "@agentspan/proto";
import { create, type DescMethodUnary, type MessageShape } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { plainAddress } from "../address.js";
import type { FailureLog } from "../auth/failure-log.js";
import type { Guard } from "../auth/guard.js";
import type { HttpRequest, HttpResponse } from "../http/exchange.js";
import { wholeBody } from "../http/request-body.js";
import type { UnfinishedBodies } from "../http/unfinished-bodies.js";
import type { Method, UnaryMethod } from "../method.js";
import { formText, REASON, REJECT_FORM, readAct, type SlackAct } from "./payload.js";
import { NobodyHere, type SlackPeople, type SlackPerson } from "./people.js";
import { isFromSlack } from "./signature.js";

export interface SlackInteractionsOptions {
  readonly secret: string;
  readonly api: Pick<SlackApi, "call">;
  readonly people: SlackPeople;
  readonly guard: Guard;
  readonly methods: readonly Method[];
  readonly log: Logger;
  readonly unfinished: UnfinishedBodies;
  /** Is told of requests that Slack did not sign. */
  readonly forged: Pick<FailureLog<"signature">, "note">;
  readonly now?: () => number;
}

export const SLACK_PATH = "/slack/interactions";
/** Of the whole body: no signature is known before. */
const BODY = { withinMs: 2_000, mostBytes: 512 * 1024 };
/** Slack shows a failure after three seconds. What takes longer goes on, and is told by a message. */
const ANSWER_MS = 2_000;
const MOST_REASON = 3_000;
const MOST_SAID = 2_000;
const NOTHING = "Nothing was recorded.";
const CHANGED = `What it is about is not what stood in the message any more. Look at it in the desk. ${NOTHING}`;

/** Answers one request to its path; the caller has looked at that. */
export function slackInteractions(options: SlackInteractionsOptions) {
  return (request: HttpRequest, response: HttpResponse): void => {
    answer(options, request, response).catch((err: unknown) => {
      options.log.error({ err }, "What was pressed in Slack could not be answered");
      if (response.headersSent) response.destroy();
      else end(response, 500);
    });
  };
}

async function answer(options: SlackInteractionsOptions, request: HttpRequest, response: HttpResponse): Promise<void> {
  const { secret, log, forged, unfinished, now = Date.now } = options;
  if (request.method !== "POST") return end(response, 405);
  const body = await wholeBody(request, { ...BODY, unfinished }).catch(() => undefined);
  if (body === undefined) return end(response, 413);
  const signed = { timestamp: headerOf(request, "x-slack-request-timestamp"), body };
  if (!isFromSlack({ ...signed, signature: headerOf(request, "x-slack-signature") }, secret, now())) {
    forged.note("signature", plainAddress(request.socket.remoteAddress));
    return end(response, 401);
  }
  const act = readAct(new URLSearchParams(body.toString("utf8")).get("payload") ?? "");
  if (act === undefined) return end(response, 200);
  // The form stays open, and says so.
  if (act.kind === "reject" && !isSeen(act.reason)) {
    const errors = { [REASON]: "Say why: the agent is told, and answers to it." };
    return end(response, 200, { response_action: "errors", errors });
  }
  if (act.kind === "unreadable") {
    end(response, 200);
    return tell(options.api, act, "This button cannot be read. Decide in the desk. Nothing was recorded.");
  }
  const done = carryOut(options, act, plainAddress(request.socket.remoteAddress)).catch((err: unknown) => {
    log.error({ err, runId: act.button.runId }, "What was pressed in Slack could not be carried out");
  });
  const answered = new AbortController();
  await Promise.race([done, sleep(systemTime, ANSWER_MS, answered.signal)]);
  answered.abort();
  end(response, 200);
}

async function carryOut(options: SlackInteractionsOptions, act: SlackAct, address: string): Promise<void> {
  const { api, people, guard, log } = options;
  const { runId, approvalId, digest: argumentsDigest } = act.button;
  try {
    const everybody = () => guard.admit(RunService.method.approve, { authorization: undefined, address });
    const person = await people.personOf(act.team, act.user, everybody);
    const call = { options, person, address };
    if (act.kind === "ask_why") {
      const over = await whatBecame(act, call);
      return await (over === undefined ? askWhy(options, act) : tell(api, act, over));
    }
    const about = { runId, approvalId, argumentsDigest, decisionId: decisionIdOf(act), onBehalfOf: person.onBehalfOf };
    if (act.kind === "reject") {
      const reason = [...act.reason].slice(0, MOST_REASON).join("");
      const { repeated } = await ask(RunService.method.reject, create(RejectRequestSchema, { ...about, reason }), call);
      return await tell(api, act, repeated ? "You rejected it before." : "You rejected it.");
    }
    // No preview was in sight: where one was shown by now, this is refused.
    const request = create(ApproveRequestSchema, { ...about, previewFingerprint: "" });
    const { closed, votesMissing } = await ask(RunService.method.approve, request, call);
    const more = votesMissing === 1 ? "One more vote is needed." : `${votesMissing} more votes are needed.`;
    return await tell(api, act, closed ? "You approved it." : `Your vote counts. ${more}`);
  } catch (thrown) {
    const said = thrown instanceof NobodyHere ? thrown.message : refusalWords(AgentspanError.from(thrown));
    const reason = thrown instanceof NobodyHere ? "nobody here" : AgentspanError.from(thrown).reason;
    log.info({ runId, approvalId, reason }, "A decision in Slack was refused");
    return tell(api, act, said);
  }
}

interface Caller {
  readonly options: SlackInteractionsOptions;
  readonly person: SlackPerson;
  readonly address: string;
}

/** In words, where nothing is left to reject: then nobody is asked why. */
async function whatBecame({ button }: SlackAct, call: Caller): Promise<string | undefined> {
  const { runId, approvalId, digest } = button;
  const [{ approval }, { status }] = await Promise.all([
    ask(ApprovalService.method.getApproval, create(GetApprovalRequestSchema, { runId, approvalId }), call),
    ask(RunService.method.getStatus, create(GetStatusRequestSchema, { runId }), call),
  ]);
  if (approval?.decision !== undefined) {
    const { onBehalfOf, decidedBy, outcome, decidedAt } = approval.decision;
    const at = decidedAt === undefined ? Number.NaN : timestampMs(decidedAt);
    return fasterWords(onBehalfOf === "" ? decidedBy : onBehalfOf, DecisionOutcome[outcome].toLowerCase(), at);
  }
  if (status?.pendingApprovals.every((one) => one.approvalId !== approvalId)) {
    return `It does not wait for anybody any more: its time was over, or the run has ended. ${NOTHING}`;
  }
  return approval === undefined || approval.argumentsDigest === digest ? undefined : CHANGED;
}

/** In front of everything that any other call passes: the role, the audit of those who have none, the checks of its request. */
async function ask<M extends DescMethodUnary>(
  desc: M,
  request: MessageShape<M["input"]>,
  { options, person, address }: Caller,
): Promise<MessageShape<M["output"]>> {
  const { methods, guard } = options;
  const method = methods.find((one): one is UnaryMethod => one.kind === "unary" && one.desc === desc);
  if (method === undefined) throw new Error(`This gateway has no ${desc.name}`);
  const signal = new AbortController().signal;
  const context = guard.contextOf(person.identity, desc, { signal, address, header: () => undefined });
  return (await method.handle(request, context)) as MessageShape<M["output"]>;
}

/** Slack may post an act again, or somebody else who has seen it: it is the same decision then. */
function decisionIdOf({ kind, team, user, act, button: { runId, approvalId, digest } }: SlackAct): string {
  const said = JSON.stringify([team, user, act, kind, runId, approvalId, digest]);
  return `slk_${createHash("sha256").update(said).digest("hex").slice(0, 32)}`;
}

async function askWhy({ api }: SlackInteractionsOptions, act: Extract<SlackAct, { kind: "ask_why" }>): Promise<void> {
  const reason = { type: "plain_text_input", action_id: REASON, multiline: true, max_length: MOST_REASON };
  const view = {
    type: "modal",
    callback_id: REJECT_FORM,
    private_metadata: formText(act.button, act.channel),
    title: plain("Reject"),
    submit: plain("Reject"),
    close: plain("Cancel"),
    blocks: [{ type: "input", block_id: REASON, label: plain("Why? The agent is told."), element: reason }],
  };
  const answer = await api.call("views.open", { trigger_id: act.trigger, view });
  if (!answer.ok) await tell(api, act, "Slack did not open the form. Press Reject once more.");
}

/** To them alone. */
async function tell(
  api: Pick<SlackApi, "call">,
  { channel, user }: Pick<SlackAct, "channel" | "user">,
  text: string,
): Promise<void> {
  await api.call("chat.postEphemeral", { channel, user, text: slackEscaped([...text].slice(0, MOST_SAID).join("")) });
}

function refusalWords({ reason, message, metadata }: AgentspanError): string {
  if (reason === "ALREADY_DECIDED" && metadata.winner !== undefined) {
    return fasterWords(metadata.winner, metadata.outcome ?? "decided", Number(metadata.time));
  }
  return reason === "ARGUMENTS_CHANGED" ? CHANGED : `${message} ${NOTHING}`;
}

function fasterWords(who: string, outcome: string, ms: number): string {
  const at = new Date(ms);
  const when = Number.isNaN(at.getTime()) ? "" : ` at ${at.toISOString()}`;
  return `${who} was faster: ${outcome}${when}. ${NOTHING}`;
}

function plain(text: string) {
  return { type: "plain_text", text, emoji: false };
}

function headerOf(request: HttpRequest, name: string): string {
  const value = request.headers[name];
  return typeof value === "string" ? value : "";
}

function end(response: HttpResponse, status: number, body?: object): void {
  if (response.destroyed) return;
  const type = body === undefined ? {} : { "content-type": "application/json" };
  response.writeHead(status, { "cache-control": "no-store", ...type });
  response.end(body === undefined ? "" : JSON.stringify(body));
}
