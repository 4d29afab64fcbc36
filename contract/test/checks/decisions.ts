// Runs that wait for people: approved, rejected, answered, settled and cancelled.
import type { Check, Scenario } from "./check.js";

const START = "RunService/Start";
const STATUS = "RunService/GetStatus";
const LABELS = { stack: "<me>" };
const OF_THE_RUN = { runId: "<run>" };

const waiting = (name: string): Check => ({
  name,
  call: STATUS,
  request: OF_THE_RUN,
  until: { status: { state: "RUN_STATE_WAITING" } },
  save: { approval: "status.pendingApprovals.0.approvalId" },
});
const over = (name: string): Check => ({
  name,
  call: STATUS,
  request: OF_THE_RUN,
  until: { status: { isComplete: true } },
});
const started = (script: string): Check => ({
  name: "a run is started",
  call: START,
  request: { agent: "<agent>", input: `<script.${script}>`, labels: LABELS },
  save: { run: "runId" },
});
const NAMED = { ...OF_THE_RUN, approvalId: "<approval>" };
/** Of the arguments in scripted-model.ts; it stands here as every client must compute it. */
const SHOWN = { ...NAMED, argumentsDigest: "sha256:7589769f4e6b2ff0e66b7fcffb8b809df27ecb9b580ee5e961b04e03e112db41" };
const LINK = { ...NAMED, person: "maria", idempotencyKey: "<me> links" };
const ACT = { decisionId: "act-1", comment: "fine by me" };
const OTHER_7589769f4e6b2ff0e66b7fcffb8b809df27ecb9b580ee5e961b04e03e112db41 = `sha256:${"0".repeat(64)}`;

export const approved: Scenario = {
  name: "approved",
  checks: [
    {
      ...started("refund"),
      request: { agent: "<agent>", input: "<script.refund>", labels: LABELS, idempotencyKey: "<me> starts" },
    },
    {
      name: "the same key starts nothing again",
      call: START,
      request: { agent: "<agent>", input: "<script.refund>", labels: LABELS, idempotencyKey: "<me> starts" },
    },
    {
      name: "the same key for another request",
      call: START,
      request: { agent: "<agent>", input: "something else", labels: LABELS, idempotencyKey: "<me> starts" },
      refused: "IDEMPOTENCY_KEY_REUSED",
    },
    waiting("it waits"),
    { name: "it is listed", call: "RunService/ListRuns", request: { labels: LABELS, states: ["RUN_STATE_WAITING"] } },
    {
      name: "its approval is listed and counted",
      call: "ApprovalService/ListApprovals",
      request: { labels: LABELS, kinds: ["APPROVAL_KIND_APPROVAL"], withTotal: true },
    },
    { name: "its approval is read", call: "ApprovalService/GetApproval", request: NAMED },
    {
      name: "its approval is watched",
      call: "ApprovalService/WatchApprovals",
      request: { labels: LABELS },
      leaveAfter: 1,
    },
    { name: "its events come as they happen", call: "RunService/StreamEvents", request: OF_THE_RUN, background: 4 },
    {
      name: "it is paused",
      call: "RunService/Pause",
      request: { ...OF_THE_RUN, reason: "lunch", requestId: "pause-1" },
    },
    { name: "it is resumed", call: "RunService/Resume", request: { ...OF_THE_RUN, requestId: "resume-1" } },
    {
      name: "other arguments than were shown",
      call: "RunService/Approve",
      request: { ...NAMED, argumentsDigest: OTHER_7589769f4e6b2ff0e66b7fcffb8b809df27ecb9b580ee5e961b04e03e112db41 },
      refused: "ARGUMENTS_CHANGED",
    },
    {
      name: "edited arguments that fail the schema",
      call: "RunService/Approve",
      request: { ...NAMED, editedArgumentsJson: "[]" },
      refused: "INVALID_ARGUMENTS",
    },
    {
      name: "an approval that is not there",
      call: "RunService/Approve",
      request: { ...OF_THE_RUN, approvalId: "apr_nobody" },
      refused: "APPROVAL_NOT_FOUND",
    },
    { name: "it is approved", call: "RunService/Approve", request: { ...SHOWN, ...ACT } },
    { finish: "its events come as they happen" },
    over("it is done"),
    { name: "the same decision again has the same answer", call: "RunService/Approve", request: { ...SHOWN, ...ACT } },
    {
      name: "the same decision id for another decision",
      call: "RunService/Reject",
      request: { ...NAMED, decisionId: "act-1" },
      refused: "IDEMPOTENCY_KEY_REUSED",
    },
    { name: "a decision that comes late", call: "RunService/Reject", request: NAMED, refused: "ALREADY_DECIDED" },
    { name: "its whole history", call: "RunService/GetHistory", request: OF_THE_RUN },
    {
      name: "a page of its history",
      call: "RunService/GetHistory",
      request: { ...OF_THE_RUN, afterSequence: "2", pageSize: 1 },
    },
    {
      name: "its last events, and the stream ends",
      call: "RunService/StreamEvents",
      request: { ...OF_THE_RUN, afterSequence: "8", includeDeltas: true },
    },
    {
      name: "what has ended cannot be cancelled",
      call: "RunService/Cancel",
      request: OF_THE_RUN,
      refused: "RUN_ENDED",
    },
    {
      name: "its audit",
      call: "AuditService/ListAudit",
      request: OF_THE_RUN,
    },
    { name: "its audit, exported", call: "AuditService/ExportAudit", request: OF_THE_RUN },
  ],
};

export const rejected: Scenario = {
  name: "rejected",
  checks: [
    started("twoRefunds"),
    waiting("two calls of it wait"),
    {
      name: "a link is made by which somebody may decide one",
      call: "ApprovalService/CreateDecisionLink",
      request: LINK,
      save: { link: "link.linkId", url: "link.url" },
    },
    { name: "the same key makes no other link", call: "ApprovalService/CreateDecisionLink", request: LINK },
    {
      name: "the same key for a link of somebody else",
      call: "ApprovalService/CreateDecisionLink",
      request: { ...LINK, person: "noah" },
      refused: "IDEMPOTENCY_KEY_REUSED",
    },
    {
      name: "a link without saying to which",
      call: "ApprovalService/CreateDecisionLink",
      request: { ...OF_THE_RUN, person: "maria" },
      refused: "APPROVAL_ID_REQUIRED",
    },
    {
      name: "a decision by an id that only links have",
      call: "RunService/Approve",
      request: { ...NAMED, decisionId: "<link>" },
      refused: "INVALID_REQUEST",
    },
    {
      name: "approved without saying which",
      call: "RunService/Approve",
      request: OF_THE_RUN,
      refused: "APPROVAL_ID_REQUIRED",
    },
    {
      name: "one is rejected",
      call: "RunService/Reject",
      request: { ...NAMED, reason: "too much – naïve", ...{ decisionId: "act-1" } },
    },
    { ...waiting("the other one waits still"), until: { status: { pendingApprovals: [{}] } } },
    {
      name: "the other is answered in place of its tool",
      call: "RunService/Respond",
      request: { ...NAMED, contentJson: '{"paid":1e2}', decisionId: "act-2" },
    },
    over("it went on"),
  ],
};

export const asked: Scenario = {
  name: "asked",
  checks: [
    started("ask"),
    waiting("it asks"),
    {
      name: "an answer that does not fit",
      call: "RunService/Respond",
      request: { ...NAMED, contentJson: "{}" },
      refused: "INVALID_ARGUMENTS",
    },
    {
      name: "it is answered",
      call: "RunService/Respond",
      request: { ...NAMED, contentJson: '{"colour":"grün"}', decisionId: "act-1", comment: "of course" },
    },
    over("it has its answer"),
  ],
};

export const settled: Scenario = {
  name: "settled",
  checks: [
    started("transfer"),
    waiting("it waits"),
    { name: "it is approved", call: "RunService/Approve", request: { ...NAMED, decisionId: "act-1" } },
    {
      ...waiting("nobody knows what came of it"),
      until: { status: { pendingApprovals: [{ kind: "APPROVAL_KIND_SETTLEMENT" }] } },
    },
    { name: "an approval settles nothing", call: "RunService/Approve", request: NAMED, refused: "SETTLE_REQUIRED" },
    { name: "an outcome that is none", call: "RunService/Settle", request: NAMED, refused: "INVALID_REQUEST" },
    {
      name: "it is settled",
      call: "RunService/Settle",
      request: { ...NAMED, outcome: "SETTLE_OUTCOME_HAPPENED", resultJson: '{"paid":true}', decisionId: "act-2" },
    },
    over("it went on"),
  ],
};

export const cancelled: Scenario = {
  name: "cancelled",
  checks: [
    started("refund"),
    waiting("it waits"),
    { name: "it is cancelled", call: "RunService/Cancel", request: { ...OF_THE_RUN, reason: "a mistake" } },
    over("it has ended"),
    { name: "its events, and the stream ends", call: "RunService/StreamEvents", request: OF_THE_RUN },
    { name: "too late to approve", call: "RunService/Approve", request: NAMED, refused: "RUN_ENDED" },
  ],
};
