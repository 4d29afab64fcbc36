// Approve, Reject, Respond and Settle: one command each, answered once it is stored.
import { createHash } from "node:crypto";
import { AgentspanError, activeSpan, canonicalJson, linkTo } from "@agentspan/internal";
import {
  type ApproveRequest,
  type ApproveResponse,
  ApproveResponseSchema,
  type DecisionSchema,
  type RejectRequest,
  type RejectResponse,
  RejectResponseSchema,
  type RespondRequest,
  type RespondResponse,
  RespondResponseSchema,
  SettleOutcome,
  type SettleRequest,
  type SettleResponse,
  SettleResponseSchema,
} from "@agentspan/proto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { Decide, DecidedAnswer, Run, Verdict } from "../core/index.js";
import { MOST_DEPTH } from "../core/index.js";
import { decisionOf } from "../encode/approval.js";
import type { StoredRun } from "../ports.js";
import { askedIn } from "../run-trace.js";
import { type RequestContext, requireRun } from "./context.js";

export async function approve(context: RequestContext, request: ApproveRequest): Promise<ApproveResponse> {
  const { editedArgumentsJson, argumentsDigest, previewFingerprint } = request;
  const verdict: Verdict =
    editedArgumentsJson === "" ? { kind: "approve" } : { kind: "approve", editedArguments: editedArgumentsJson };
  const seen = previewFingerprint === undefined ? {} : { preview: previewFingerprint };
  const decided = await decide(context, { ...request, verdict, digest: argumentsDigest, ...seen });
  return create(ApproveResponseSchema, decided);
}

export async function reject(context: RequestContext, request: RejectRequest): Promise<RejectResponse> {
  const { reason, argumentsDigest } = request;
  const asked = { ...request, verdict: { kind: "reject" } as const, digest: argumentsDigest, comment: reason };
  const { decision, repeated } = await decide(context, asked);
  return create(RejectResponseSchema, { decision, repeated });
}

export async function respond(context: RequestContext, request: RespondRequest): Promise<RespondResponse> {
  const content = jsonText("contentJson", request.contentJson);
  const { decision, repeated } = await decide(context, { ...request, verdict: { kind: "respond", content } });
  return create(RespondResponseSchema, { decision, repeated });
}

export async function settle(context: RequestContext, request: SettleRequest): Promise<SettleResponse> {
  const decided = await decide(context, { ...request, verdict: settlementOf(request) });
  return create(SettleResponseSchema, decided);
}

function settlementOf({ outcome, resultJson }: SettleRequest): Verdict {
  switch (outcome) {
    case SettleOutcome.HAPPENED: {
      const result = resultJson === "" ? "null" : jsonText("resultJson", resultJson);
      return { kind: "settle", outcome: "happened", result };
    }
    case SettleOutcome.RUN_AGAIN:
      return { kind: "settle", outcome: "run_again" };
    case SettleOutcome.GIVE_UP:
      return { kind: "settle", outcome: "given_up" };
    default:
      throw new AgentspanError("INVALID_REQUEST", "A settlement is HAPPENED, RUN_AGAIN or GIVE_UP.");
  }
}

function jsonText(field: string, text: string): string {
  const canonical = canonicalJson(text);
  if (canonical.ok) return canonical.text;
  const fields = [{ field, description: canonical.problem }];
  throw new AgentspanError("INVALID_REQUEST", `${field} is no JSON text: ${canonical.problem}`, { fields });
}

interface Asked {
  readonly runId: string;
  readonly approvalId: string;
  readonly decisionId: string;
  readonly comment: string;
  readonly onBehalfOf: string;
  readonly digest?: string;
  readonly preview?: string;
  readonly verdict: Verdict;
}

interface Decided {
  readonly decision: MessageInitShape<typeof DecisionSchema>;
  readonly closed: boolean;
  readonly votesMissing: number;
  readonly repeated: boolean;
}

async function decide(context: RequestContext, asked: Asked): Promise<Decided> {
  const { runId, approvalId, decisionId, comment, onBehalfOf, verdict, preview } = asked;
  const digest = asked.digest ?? "";
  if (decisionId === "") throw new AgentspanError("INVALID_REQUEST", "A decision has an id.");
  await requireRun(context, runId);
  const { caller } = context;
  // Of who asks, too: an id that somebody else knows does not make their word the same.
  const said = [verdict, approvalId, digest, comment, onBehalfOf, caller.subject];
  const request = JSON.stringify(preview === undefined ? said : [...said, preview]);
  return decideIn(context, await whereDecided(context, runId, decisionId), {
    type: "decide",
    by: { method: caller.method, credentialId: caller.credentialId, address: caller.address },
    decisionId,
    requestHash: createHash("sha256").update(request).digest("hex"),
    who: caller.subject,
    groups: caller.groups,
    authenticated: caller.method !== "none",
    ...(onBehalfOf === "" ? {} : { onBehalfOf }),
    ...(approvalId === "" ? {} : { approvalId }),
    ...(digest === "" ? {} : { digest }),
    ...(preview === undefined ? {} : { preview }),
    comment,
    verdict,
  });
}

/** In the run that is asked, or in the one whose checkpoint it turns out to be: with the same words and the same id. */
async function decideIn(context: RequestContext, runId: string, command: Decide, hops = 0): Promise<Decided> {
  const { answer, stored } = await context.engine.execute(runId, command);
  if (answer.type === "forward") {
    if (hops >= MOST_DEPTH) throw new Error(`Decision ${command.decisionId} of run ${runId} is sent round and round.`);
    await requireRun(context, answer.runId);
    return decideIn(context, answer.runId, command, hops + 1);
  }
  const decided = answer as DecidedAnswer;
  tellSpan(stored, command, decided);
  const event = await context.history.at(stored, decided.sequence);
  if (event === undefined || (event.fact.type !== "decided" && event.fact.type !== "voted")) {
    throw new Error(`Run ${runId} lost the event of decision ${command.decisionId}.`);
  }
  const { closed, votesMissing, repeated } = decided;
  return { decision: decisionOf(event.fact, event.at), closed, votesMissing, repeated };
}

/** The span of the decision is part of its maker's trace, and points to the one in which people were asked. */
function tellSpan(stored: StoredRun, { verdict }: Decide, { approvalId }: DecidedAnswer): void {
  const { runId, agentName } = stored.run;
  activeSpan()?.setAttributes({
    "gen_ai.agent.name": agentName,
    "gen_ai.conversation.id": runId,
    "agentspan.run.id": runId,
    "agentspan.approval.id": approvalId,
    "agentspan.decision": verdict.kind,
  });
  linkTo(askedIn(stored, approvalId));
}

/**
 * Where a decision of this id was taken before, if it was: in the run that is asked, or in one below it. There it is
 * answered as it was, or refused where it is about something else: it never decides what is asked of another run.
 */
async function whereDecided(
  { engine, store, agents }: RequestContext,
  runId: string,
  decisionId: string,
): Promise<string> {
  const known = await engine.peek(runId);
  if (known === undefined) return runId;
  const agent = await agents.agentOf(known.run);
  if (!agent.tools.some(({ starts }) => starts !== undefined)) return runId;
  const run = (await store.load(runId, "majority"))?.run ?? known.run;
  if (knows(run, decisionId)) return runId;
  const below = new Set(Object.values(run.mirrors ?? {}).map((mirror) => mirror.runId));
  const { states } = await store.states([...below]);
  return states.find((state) => knows(state.run, decisionId))?.run.runId ?? runId;
}

function knows(run: Run, decisionId: string): boolean {
  return Object.hasOwn(run.acts, decisionId);
}
