// The pages of a decision link: what is to be decided, what was recorded, and each reason why nothing is.
import type { DecisionLinkStatement } from "@agentspan/internal";
import {
  type Approval,
  type Decision,
  DecisionOutcome,
  type Preview,
  PreviewStatus,
  type Vote,
} from "@agentspan/proto";
import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import { type Content, type Html, html } from "./html.js";
import { jsonView, lookAlikeNotes, safeText } from "./text-view.js";

/** A page as it is answered. */
export interface LinkPage {
  readonly status: number;
  readonly title: string;
  readonly body: Content;
}

export interface DecidingPage {
  readonly link: DecisionLinkStatement;
  readonly approval: Approval;
  /** Who started the run; empty where nobody knows. */
  readonly startedBy: string;
  /** Whether each form asks for a key: nothing of whoever signed in is kept. */
  readonly signIn: boolean;
  /** What was wrong with the form that was sent. */
  readonly fault?: string;
}

/** With all that is decided about, and the forms. */
export function decidingPage({ link, approval, startedBy, signIn, fault }: DecidingPage): LinkPage {
  const { agentName, toolName, reason, argumentsJson, argumentsDigest, expiresAt, runId } = approval;
  const facts: readonly (readonly [string, Content])[] = [
    ["Agent", html`${agentName} <span class="quiet">run ${runId}</span>`],
    ["Asked by", startedBy === "" ? undefined : safeText(startedBy)],
    ["Why people are asked", reason === "" ? undefined : safeText(reason)],
    ["Can be decided until", expiresAt === undefined ? "as long as it takes" : time(expiresAt)],
    ["Votes", quorum(approval)],
    ["This link is for", html`${safeText(link.person)}, until ${timeOf(link.until)}${lookAlikeNotes([link.person])}`],
    ["Bound to", html`<code>${argumentsDigest}</code>`],
  ];
  return {
    status: fault === undefined ? 200 : 400,
    title: `May ${toolName} run?`,
    body: html`${fault !== undefined && html`<p class="warnings" role="alert">${fault}</p>`}
<h2>With these arguments</h2>
${jsonView(argumentsJson)}
${approval.preview !== undefined && previewPart(approval.preview)}
<h2>About it</h2>
<dl>${facts.map(([name, content]) => content !== undefined && html`<div><dt>${name}</dt><dd>${content}</dd></div>`)}</dl>
<h2>Decide</h2>
<p>Opening this page has decided nothing. What you press here is recorded as ${safeText(link.person)}’s word, once.</p>
${forms(fingerprintIn(approval), signIn)}`,
  };
}

function forms(preview: string, signIn: boolean): Html {
  const key = (id: string) => signIn && keyField(id);
  return html`<form method="post">
<input type="hidden" name="preview" value="${preview}">
<label for="comment">Comment, kept on record (may be empty)</label><input id="comment" name="comment" maxlength="2000" autocomplete="off">
${key("approve-key")}<button name="act" value="approve">Approve</button></form>
<form method="post">
<label for="reason">Why not? The model is told this</label><textarea id="reason" name="reason" rows="3" maxlength="2000" required></textarea>
${key("reject-key")}<button class="danger" name="act" value="reject">Reject</button></form>`;
}

function keyField(id: string): Html {
  return html`<label for="${id}">API key or token</label><input id="${id}" name="key" type="password" autocomplete="current-password" required>`;
}

/** What the link alone tells, and how to go on: not whether there is anything to decide. */
export function signInPage(link: DecisionLinkStatement, status: 200 | 401, fault?: string): LinkPage {
  return {
    status,
    title: "Say who you are",
    body: html`${fault !== undefined && html`<p class="warnings" role="alert">${fault}</p>`}
<p>This link was made for ${safeText(link.person)}, about a call of <strong>${link.tool}</strong> by the agent ${link.agent} (run ${link.run}). It is good until ${timeOf(link.until)}.</p>
${lookAlikeNotes([link.person])}
<p>What the call is, whether there is anything left to decide, and what was decided else, is shown once you have said who you are. The link decides nothing by itself.</p>
<form method="post">${keyField("key")}<button name="act" value="show">Show it</button></form>
<p>${atTheDesk(link, "Or sign in at the desk and look there")}.</p>`,
  };
}

/** What decided: the same answer to the same form, however often it is sent. */
export function recordedPage(link: DecisionLinkStatement, decision: Decision | undefined): LinkPage {
  const rejected = decision?.outcome === DecisionOutcome.REJECTED;
  const then = rejected
    ? "The call does not run, and the model is told why."
    : "The call may run now, with exactly the arguments that you saw.";
  return {
    status: 200,
    title: rejected ? "Rejected" : "Approved",
    body: html`${decision !== undefined && decisionPart(decision)}<p>${then} This link has done what it was for.</p><p>${atTheDesk(link)}</p>`,
  };
}

/** Somebody decided: by this link, or otherwise. */
export function decidedPage(
  link: DecisionLinkStatement,
  approval: Approval & { readonly decision: Decision },
  status: 200 | 409 | 410,
): LinkPage {
  const { decision } = approval;
  const vote = voteOf(link, approval);
  const [title, then] =
    decision.decisionId === link.link
      ? ["This link has been used", "It decides once, and nothing else was recorded now."]
      : vote !== undefined
        ? ["It is decided", html`Your vote${vote.at !== undefined && html` of ${time(vote.at)}`} is on record with it.`]
        : [
            "Somebody was faster",
            status === 409 ? "Nothing that you sent was recorded." : "Nothing is left to decide.",
          ];
  const others = approval.argumentsDigest !== link.digest;
  return {
    status,
    title,
    body: html`${decisionPart(decision)}${others && html`<p class="warnings">It is about other arguments than those that this link was for.</p>`}<p>${then}</p><p>${atTheDesk(link)}</p>`,
  };
}

/** Their vote stands, and more people are needed. */
export function votedPage(link: DecisionLinkStatement, vote: Vote, approval: Approval): LinkPage {
  return {
    status: 200,
    title: "Your vote is recorded",
    body: html`<p><strong>A vote to approve</strong>${vote.at !== undefined && html`, ${time(vote.at)}`}.${vote.comment !== "" && html` “${safeText(vote.comment)}”`}</p><p>${missing(approval.votesRequired - approval.votes.length)} This link has done what it was for.</p><p>${atTheDesk(link)}</p>`,
  };
}

/** What this person said and stands; undefined where they said nothing, or an edit made it void. */
export function voteOf({ person }: DecisionLinkStatement, { votes }: Approval): Vote | undefined {
  return votes.find(({ who, onBehalfOf }) => (onBehalfOf === "" ? who : onBehalfOf) === person);
}

function missing(votes: number): string {
  return `It takes ${votes} more ${votes === 1 ? "person" : "people"} to let the call run.`;
}

/** A vote was given by it that did not decide, and another word is none. */
export function usedPage(link: DecisionLinkStatement): LinkPage {
  const body = html`<p>What was said by it first is on record. It decides once, and nothing else was recorded now.</p><p>${atTheDesk(link)}</p>`;
  return { status: 409, title: "This link has been used", body };
}

export function changedPage(link: DecisionLinkStatement): LinkPage {
  return {
    status: 409,
    title: "It is about something else by now",
    body: html`<p>The arguments of ${link.tool}, or what the call would do, are not those that this link is for any more. What was said of those counts no longer.</p><p>Ask for another link, or ${atTheDesk(link, "look at it at the desk")}.</p>`,
  };
}

export function endedPage(link: DecisionLinkStatement, approval?: Approval): LinkPage {
  const vote = approval && voteOf(link, approval);
  return {
    status: 410,
    title: "This link is over",
    body: html`<p>It was good until ${timeOf(link.until)}. Nothing was recorded now.</p>
${vote?.at !== undefined && html`<p>A vote of ${safeText(link.person)} is on record since ${time(vote.at)}.</p>`}
<p>${atTheDesk(link, "See at the desk")} what became of it. Where it still waits, decide there, or ask for another link.</p>`,
  };
}

export function overPage(link: DecisionLinkStatement): LinkPage {
  const body = html`<p>${link.tool} does not wait for anybody any more: the time was over, or the run has ended. Nothing was recorded.</p><p>${atTheDesk(link)}</p>`;
  return { status: 410, title: "This is not open any more", body };
}

export function otherPersonPage(link: DecisionLinkStatement, subject: string): LinkPage {
  const body = html`<p>It was given to ${safeText(link.person)}, and the key is of ${safeText(subject)}. Nothing was recorded. Where you may decide, ${atTheDesk(link, "do it at the desk")}, in your own name.</p>`;
  return { status: 403, title: "This link is for somebody else", body };
}

export function noLinkPage(): LinkPage {
  const body = html`<p>It was cut or changed on its way, or another installation made it. Open it from the message as a whole, or ask for another.</p>`;
  return { status: 404, title: "This is no link of this server", body };
}

/** A page of one sentence. */
export function plainPage(status: number, title: string, text: string): LinkPage {
  return { status, title, body: html`<p>${safeText(text)}</p>` };
}

function decisionPart({ outcome, decidedBy, onBehalfOf, decidedAt, comment }: Decision): Html {
  const who = safeText(onBehalfOf === "" ? decidedBy : onBehalfOf);
  const what = OUTCOMES[outcome] ?? "decided";
  return html`<p><strong>${what}</strong> by ${who}${decidedAt !== undefined && html`, ${time(decidedAt)}`}.${comment !== "" && html` “${safeText(comment)}”`}</p>`;
}

const OUTCOMES: Readonly<Record<number, string>> = {
  [DecisionOutcome.APPROVED]: "Approved",
  [DecisionOutcome.REJECTED]: "Rejected",
  [DecisionOutcome.RESPONDED]: "Answered in place of the tool",
};

function previewPart(preview: Preview): Html {
  return html`<h2>What it would do</h2>${previewContent(preview)}${preview.previous !== undefined && html`<p class="warnings">It was approved before, when this was in sight:</p>${jsonView(preview.previous.contentJson)}`}`;
}

function previewContent({ status, contentJson, detail }: Preview): Html {
  if (status === PreviewStatus.SHOWN) return jsonView(contentJson);
  if (status === PreviewStatus.FAILED) {
    return html`<p class="warnings">It cannot be seen: ${safeText(detail)}. Nothing is compared before it runs.</p>`;
  }
  return html`<p>A worker is looking. Whoever decides now decides without seeing it, and nothing is compared before it runs.</p>`;
}

/** Of the preview that the page shows; empty where it shows none. */
export function fingerprintIn({ preview }: Approval): string {
  return preview?.status === PreviewStatus.SHOWN ? preview.fingerprint : "";
}

function quorum({ votes, votesRequired }: Approval): Html {
  const needed = Math.max(1, votesRequired);
  const words = needed > 1 ? `${votes.length} of ${needed} to approve; one rejection is enough` : "one is enough";
  return html`${words}${votes.map(({ who, onBehalfOf, comment, edited }) => html`<br>${safeText(onBehalfOf === "" ? who : onBehalfOf)}${edited && " with other arguments"}${comment !== "" && html`: “${safeText(comment)}”`}`)}`;
}

function atTheDesk({ run, approval }: DecisionLinkStatement, words = "See it at the desk"): Html {
  return html`<a href="/approvals/${run}/${approval}" rel="noreferrer">${words}</a>`;
}

function time(at: Timestamp): Html {
  return timeOf(timestampMs(at));
}

function timeOf(ms: number): Html {
  const iso = new Date(ms).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 16).replace("T", " ")} UTC</time>`;
}
