// Invariants of what time does to checkpoints, read from the definition and the record without the core.
import type { Expiry, Fact, RunEvent } from "../../src/core/index.js";
import { definedPolicy } from "./explored-agent.js";
import { type Invariants, Violation, type Watcher } from "./explored-run.js";

interface Term {
  readonly tool: string;
  readonly settlement: boolean;
  expiresAt: number | undefined;
  escalated: boolean;
  open: boolean;
}

/**
 * 28: an approval whose time is over takes no vote any more: it goes to others once, or closes as its policy says, and
 * is never approved by time. A settlement never expires. A reminder changes nothing of its checkpoint but the next one.
 */
export function timeDecidesNothing(): Invariants {
  const terms = new Map<string, Term>();
  return ({ agent, core }, { before, run, command, events, context }) => {
    const expiryOf = (tool: string): Expiry | undefined => definedPolicy(agent, tool)?.expiry;
    for (const [index, event] of events.entries()) observe(terms, event, events.slice(index + 1), expiryOf);
    for (const { fact } of events) {
      if (fact.type !== "reminded") continue;
      const [earlier, now] = [before?.checkpoints[fact.approvalId], run?.checkpoints[fact.approvalId]];
      if (now?.updatedAt !== earlier?.updatedAt || now?.expiresAt !== earlier?.expiresAt || now?.closed !== undefined) {
        if (!events.some((event) => event.fact.type === "escalated" || event.fact.type === "ending"))
          throw new Violation(28, `a reminder moved ${fact.approvalId}`);
      }
      if (earlier?.remindAt !== undefined && earlier.remindAt > Math.max(context.now, before?.updatedAt ?? 0))
        throw new Violation(28, `reminded of ${fact.approvalId} too early`);
    }
    if (run === undefined || run.phase.kind === "ended") return;
    const due = new Set(core.obligationsOf(run, context.timing).map((one) => `${one.kind} ${one.due}`));
    for (const [approvalId, { open, expiresAt }] of terms) {
      if (!open || expiresAt === undefined) continue;
      if (!due.has(`tick ${expiresAt}`)) throw new Violation(28, `nobody looks when ${approvalId} expires`);
      if (command.type === "tick" && expiresAt <= context.now) throw new Violation(28, `${approvalId} did not expire`);
    }
  };
}

function observe(
  terms: Map<string, Term>,
  { fact, at }: RunEvent,
  later: readonly RunEvent[],
  expiryOf: (tool: string) => Expiry | undefined,
): void {
  if (fact.type === "waiting") {
    const settlement = fact.kind === "SETTLEMENT";
    const expiry = settlement ? undefined : expiryOf(fact.tool);
    const expiresAt = expiry === undefined ? undefined : at + expiry.afterMs;
    if (fact.expiresAt !== expiresAt) throw new Violation(28, `${fact.approvalId} expires at ${fact.expiresAt}`);
    terms.set(fact.approvalId, { tool: fact.tool, settlement, expiresAt, escalated: false, open: true });
    return;
  }
  const term = "approvalId" in fact ? terms.get(fact.approvalId) : undefined;
  if (term === undefined) return;
  const over = term.expiresAt !== undefined && term.expiresAt <= at;
  switch (fact.type) {
    case "voted":
    case "decided":
      if (over) throw new Violation(28, `${fact.approvalId} was ${fact.outcome} too late`);
      if (fact.type === "decided") term.open = false;
      break;
    case "escalated": {
      const expiry = expiryOf(term.tool);
      if (!over || term.escalated || expiry?.action !== "escalate")
        throw new Violation(28, `${fact.approvalId} went to others`);
      term.escalated = true;
      term.expiresAt = at + expiry.againMs;
      break;
    }
    case "checkpoint_closed":
      term.open = false;
      if (fact.why === "EXPIRED")
        checkExpired(
          term,
          over,
          expiryOf(term.tool),
          later.map((event) => event.fact),
        );
      break;
    default:
      break;
  }
}

function checkExpired(term: Term, over: boolean, expiry: Expiry | undefined, later: readonly Fact[]): void {
  if (!over || term.settlement || expiry === undefined) throw new Violation(28, `${term.tool} expired`);
  if (expiry.action === "escalate" && !term.escalated) throw new Violation(28, `${term.tool} went to nobody`);
  const next = later[0];
  if (expiry.action !== "fail") {
    const rejected = next?.type === "tool_result" && next.outcome.kind === "rejected";
    if (!rejected) throw new Violation(28, `${term.tool} expired, and its call went on`);
    return;
  }
  const failed = next?.type === "ending" && next.end.state === "FAILED" && next.end.reason === "APPROVAL_EXPIRED";
  if (!failed) throw new Violation(28, `${term.tool} expired, and the run went on`);
}

export const EXPIRY: readonly Watcher[] = [[[28], timeDecidesNothing]];
