// What becomes of a request for a decision link's page. GET shows and never decides: mail scanners read links, and some
// run what they read. POST decides, once, for the one person: under the link's id, so that the decision's own
// idempotency makes it the only one, at however many gateways and however often the form is sent.
//
// With authentication on a link gives nobody a right: whoever opens it shows a credential with each form, must be the
// person that it was given to, and decides as they could without it. With authentication off, where names are believed,
// the link's is recorded.
import {
  AgentspanError,
  type DecisionLinkStatement,
  type Logger,
  readDecisionLink,
  type TrustedKeys,
} from "@agentspan/internal";
import { isSeen } from "@agentspan/internal/characters";
import { type Approval, ApprovalService, type Decision, RunService } from "@agentspan/proto";
import { create, type DescMethod, type DescMethodUnary } from "@bufbuild/protobuf";
import type { Guard } from "../auth/guard.js";
import { noteAttempt, requireRightOrNote } from "../auth/refused-attempt.js";
import type { Orchestrators } from "../bus/orchestrators.js";
import type { Call, Context } from "../context.js";
import { requireRight } from "../method.js";
import { refusalOf } from "../refusal.js";
import {
  changedPage,
  decidedPage,
  decidingPage,
  endedPage,
  fingerprintIn,
  type LinkPage,
  noLinkPage,
  otherPersonPage,
  overPage,
  plainPage,
  recordedPage,
  signInPage,
  usedPage,
  votedPage,
  voteOf,
} from "./link-pages.js";

export interface LinkDeskOptions {
  readonly guard: Guard;
  readonly orchestrators: Orchestrators;
  /** Whose links are believed; there are none without. */
  readonly trusted: TrustedKeys | undefined;
  /** Whether everybody is asked who they are. */
  readonly authentication: boolean;
  readonly log: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** A form that was sent; fields that it has not are empty. */
export type Form = (field: "act" | "key" | "comment" | "reason" | "preview") => string;

const { approve, reject, getStatus } = RunService.method;
const { getApproval } = ApprovalService.method;
/** What a form may do, with what somebody must be admitted to for it. */
const FORMS: ReadonlyMap<string, DescMethod> = new Map<string, DescMethod>([
  ["show", getApproval],
  ["approve", approve],
  ["reject", reject],
]);
/** Of a comment or a reason: as the forms have it, and far below what the API takes. */
const MOST_CHARS = 2_000;

/** What somebody who may see the approval has in front of them. */
interface Sight {
  readonly link: DecisionLinkStatement;
  readonly context: Context;
}

export class LinkDesk {
  constructor(private readonly options: LinkDeskOptions) {}

  /** The page of a link that is opened. Never rejects. */
  async open(token: string, call: Call): Promise<LinkPage> {
    return this.answer(token, async (link) => {
      if (this.options.authentication) return this.isOver(link) ? endedPage(link) : signInPage(link, 200);
      return this.show(await this.admit(link, getApproval, "", call));
    });
  }

  /** The page after a form of it. Never rejects. */
  async send(token: string, form: Form, call: Call): Promise<LinkPage> {
    return this.answer(token, async (link) => {
      const act = form("act");
      const method = FORMS.get(act);
      if (method === undefined) return plainPage(400, "This form is none of this page", "Open the link again.");
      const sight = await this.admit(link, method, form("key"), call);
      const { subject } = sight.context.caller;
      if (this.options.authentication && subject !== link.person) {
        if (act !== "show") await this.note(act === "approve" ? approve : reject, sight);
        return otherPersonPage(link, subject);
      }
      if (act === "show") return this.show(sight);
      return this.decide(sight, act === "approve", form);
    });
  }

  private async answer(token: string, page: (link: DecisionLinkStatement) => Promise<LinkPage>): Promise<LinkPage> {
    const { trusted, log } = this.options;
    if (trusted === undefined) {
      const text = "This gateway has no trusted keys (AGENTSPAN_TRUSTED_KEYS_FILE), so that it believes no link.";
      return plainPage(503, "There are no decision links here", text);
    }
    const link = readDecisionLink(token, trusted);
    if (link === undefined) return noLinkPage();
    try {
      return await page(link);
    } catch (thrown) {
      const refusal = refusalOf(thrown, "a decision link", log);
      if (!(refusal instanceof AgentspanError)) return plainPage(500, FAILED, refusal.message);
      // The link itself says so: nobody is asked who they are to hear it.
      if (refusal.reason === "UNAUTHENTICATED" && this.isOver(link)) return endedPage(link);
      return refusedPage(link, refusal);
    }
  }

  private isOver({ until }: DecisionLinkStatement): boolean {
    return until <= this.options.now();
  }

  /** Rejects with UNAUTHENTICATED, or RUN_NOT_FOUND for somebody of another namespace. */
  private async admit(link: DecisionLinkStatement, method: DescMethod, key: string, call: Call): Promise<Sight> {
    const { guard } = this.options;
    const authorization = key === "" ? undefined : `Bearer ${key.trim()}`;
    const identity = await guard.admit(method, { authorization, address: call.address });
    const context = guard.contextOf(identity, method, call);
    if (context.namespace === link.namespace) return { link, context };
    throw new AgentspanError("RUN_NOT_FOUND", `There is no run ${link.run}.`);
  }

  private async show(sight: Sight, fault?: string): Promise<LinkPage> {
    const { link, context } = sight;
    if (this.isOver(link)) return this.ended(sight);
    const { orchestrators, authentication: signIn } = this.options;
    const [approval, run] = await Promise.all([
      this.read(sight),
      orchestrators.ask(getStatus, create(getStatus.input, { runId: link.run }), context, link.run),
    ]);
    if (isDecided(approval)) return decidedPage(link, approval, 410);
    if (run.status?.pendingApprovals.every(({ approvalId }) => approvalId !== link.approval)) return overPage(link);
    if (isChanged(link, approval)) return changedPage(link);
    const vote = voteOf(link, approval);
    if (vote !== undefined) return votedPage(link, vote, approval);
    const startedBy = run.status?.startedBy ?? "";
    return decidingPage({ link, approval, startedBy, signIn, ...(fault === undefined ? {} : { fault }) });
  }

  /** What was recorded in time is told, by it or by others; nothing is recorded now. */
  private async ended(sight: Sight): Promise<LinkPage> {
    const approval = await this.read(sight);
    return isDecided(approval) ? decidedPage(sight.link, approval, 410) : endedPage(sight.link, approval);
  }

  private async read({ link, context }: Sight): Promise<Approval> {
    const asked = create(getApproval.input, { runId: link.run, approvalId: link.approval });
    requireRight("ApprovalService/GetApproval", asked, context);
    const { approval } = await this.options.orchestrators.ask(getApproval, asked, context, link.run);
    if (approval === undefined) throw new AgentspanError("APPROVAL_NOT_FOUND", `There is no ${link.approval}.`);
    return approval;
  }

  private async decide(sight: Sight, approves: boolean, form: Form): Promise<LinkPage> {
    const { link } = sight;
    const [comment, reason, preview] = [form("comment"), form("reason"), form("preview")];
    if (!approves && !isSeen(reason)) return this.show(sight, "Say why not: the model is told.");
    if (comment.length > MOST_CHARS || reason.length > MOST_CHARS) return this.show(sight, "That is too long.");
    if (this.isOver(link)) return this.ended(sight);
    if (approves && link.preview !== undefined && preview !== link.preview) return changedPage(link);
    try {
      return await (approves ? this.approve(sight, comment, preview) : this.reject(sight, reason));
    } catch (thrown) {
      const { reason: why } = AgentspanError.from(thrown);
      if (why !== "ALREADY_DECIDED" && why !== "IDEMPOTENCY_KEY_REUSED") throw thrown;
      const approval = await this.read(sight);
      if (why === "IDEMPOTENCY_KEY_REUSED" && approval.decision?.decisionId !== link.link) return usedPage(link);
      return isDecided(approval) ? decidedPage(link, approval, 409) : overPage(link);
    }
  }

  private async approve(sight: Sight, comment: string, previewFingerprint: string): Promise<LinkPage> {
    const { link, context } = sight;
    const request = create(approve.input, { ...this.said(sight), comment, previewFingerprint });
    await requireRightOrNote(approve, request, context, this.options);
    const answer = await this.options.orchestrators.ask(approve, request, context, link.run);
    if (answer.closed) return recordedPage(link, answer.decision);
    // What became of a vote is told as it is by now: others may have decided since, or an edit made it void.
    const approval = await this.read(sight);
    const vote = voteOf(link, approval);
    if (isDecided(approval)) return decidedPage(link, approval, 200);
    return vote === undefined ? changedPage(link) : votedPage(link, vote, approval);
  }

  private async reject(sight: Sight, reason: string): Promise<LinkPage> {
    const { link, context } = sight;
    const request = create(reject.input, { ...this.said(sight), reason });
    await requireRightOrNote(reject, request, context, this.options);
    const { decision } = await this.options.orchestrators.ask(reject, request, context, link.run);
    return recordedPage(link, decision);
  }

  /** What any decision by this link says: its own id, its own arguments, its own person. */
  private said({ link }: Sight) {
    const onBehalfOf = this.options.authentication ? "" : link.person;
    const { run: runId, approval: approvalId, digest: argumentsDigest, link: decisionId } = link;
    return { runId, approvalId, argumentsDigest, decisionId, onBehalfOf };
  }

  private async note(method: DescMethodUnary, sight: Sight): Promise<void> {
    const { link, context } = sight;
    const message = `The decision link ${link.link} was given to ${link.person}, and ${context.caller.subject} sent it.`;
    await noteAttempt(method, this.said(sight), context, message, this.options);
  }
}

function isDecided(approval: Approval): approval is Approval & { readonly decision: Decision } {
  return approval.decision !== undefined;
}

function isChanged({ digest, preview }: DecisionLinkStatement, approval: Approval): boolean {
  return approval.argumentsDigest !== digest || (preview !== undefined && preview !== fingerprintIn(approval));
}

function refusedPage(link: DecisionLinkStatement, { reason, message, retryable }: AgentspanError): LinkPage {
  switch (reason) {
    case "ARGUMENTS_CHANGED":
      return changedPage(link);
    case "APPROVAL_EXPIRED":
    case "RUN_ENDED":
      return overPage(link);
    case "UNAUTHENTICATED":
      return signInPage(
        link,
        401,
        "That is no key or token that is taken: there was none, or it is wrong, expired or revoked.",
      );
    case "PERMISSION_DENIED":
    case "SELF_APPROVAL":
      return plainPage(403, "You may not decide this", message);
    case "RUN_NOT_FOUND":
    case "APPROVAL_NOT_FOUND":
      return plainPage(404, "There is nothing to decide here", message);
    default: {
      if (!retryable) return plainPage(500, FAILED, message);
      const again = "Nobody knows yet whether it was recorded: send the same form again, it counts once.";
      return plainPage(503, "The server cannot be reached just now", `${message} ${again}`);
    }
  }
}

const FAILED = "That did not work";
