// What of a run's events goes into the audit, and what it says there. The same events always give the same: see
// audit-entry.ts. A run that no person ever had to do with has nothing in it.
import { type AuditKind, digestOf } from "@agentspan/internal";
import {
  type Act,
  type CallOutcome,
  type Decided,
  type Fact,
  isGuarded,
  type RunEvent,
  type RunStarted,
  type Signed,
  type ToolCalled,
  type Waiting,
} from "../core/index.js";
import { outcomeDigest } from "../proof/signed-facts.js";

/** An entry before it has its place in the chain. */
export interface AuditFact {
  readonly sequence: number;
  readonly at: number;
  readonly kind: AuditKind;
  readonly people: readonly string[];
  readonly tool: string;
  /** What else it says; members that are undefined are left out. */
  readonly says: Readonly<Record<string, unknown>>;
}

/** The text of a tool's approval policy in the definition that the run is pinned to; empty where it has none. */
export type PolicyOf = (tool: string) => string;

interface KnownCall {
  readonly tool: string;
  readonly guarded: boolean;
  readonly arguments: string;
  readonly digest: string;
  /** The decision that lets it run. */
  readonly approval?: string;
  readonly decision?: string;
}

/** Of all events of a run, oldest first. */
export function auditFacts(events: readonly RunEvent[], policyOf: PolicyOf): readonly AuditFact[] {
  if (!events.some(({ fact }) => fact.type === "waiting" || fact.type === "decided")) return [];
  const run = new KnownRun(policyOf, grantedIn(events));
  return events.flatMap((event) => run.told(event) ?? []);
}

class KnownRun {
  private started: RunStarted | undefined;
  private readonly calls = new Map<string, KnownCall>();

  constructor(
    private readonly policyOf: PolicyOf,
    private readonly granted: ReadonlyMap<string, Decided>,
  ) {}

  told({ sequence, at, fact }: RunEvent): AuditFact | undefined {
    const entry = this.entryOf(fact);
    this.take(fact);
    return entry === undefined ? undefined : { sequence, at, ...entry };
  }

  private entryOf(fact: Fact): Omit<AuditFact, "sequence" | "at"> | undefined {
    const call = "callId" in fact ? this.calls.get(fact.callId) : undefined;
    const about = "callId" in fact ? { call: fact.callId, tool: call?.tool ?? "" } : undefined;
    const tool = call?.tool ?? "";
    switch (fact.type) {
      case "tool_call": {
        const decided = this.granted.get(fact.callId);
        if (decided === undefined) return undefined;
        const people = peopleOf(this.started?.startedBy, this.started?.onBehalfOf);
        return { kind: "requested", people, tool: fact.tool, says: this.spared(fact, decided) };
      }
      case "waiting":
        return {
          kind: "requested",
          people: peopleOf(this.started?.startedBy, this.started?.onBehalfOf),
          tool: fact.tool,
          says: this.requested(fact, call),
        };
      case "voted":
      case "decided": {
        const content = fact.type === "decided" ? fact.content : undefined;
        const ground = fact.type === "decided" ? fact.ground : undefined;
        const says = { ...about, ...acted(fact, call), content, ground };
        return { kind: fact.type, people: peopleOf(fact.who, fact.onBehalfOf), tool, says };
      }
      case "escalated": {
        const { approvalId, approvers, expiresAt } = fact;
        return { kind: "escalated", people: [], tool, says: { ...about, approval: approvalId, approvers, expiresAt } };
      }
      case "checkpoint_closed":
        return { kind: "closed", people: [], tool, says: { ...about, approval: fact.approvalId, why: fact.why } };
      case "preview_taken": {
        const { approvalId: approval, purpose, number, workerId: worker, finding, verdict } = fact;
        const { kind: status, ...found } = finding;
        const says = { ...about, approval, purpose, number, worker, status, verdict, ...found };
        return { kind: "previewed", people: [], tool, says };
      }
      case "tool_started": {
        if (!isGuarded(fact.gate)) return undefined;
        const { attempt, nonce, workerId: worker, incarnation, deadline, signed } = fact;
        const bound = { digest: call?.digest, approval: call?.approval, decision: call?.decision };
        const checked = { checkedPreview: fact.checked };
        const says = {
          ...about,
          attempt,
          worker,
          incarnation,
          nonceDigest: digestOf(nonce),
          ...bound,
          ...checked,
          deadline,
        };
        return { kind: "granted", people: [], tool, says: { ...says, signed: signed && signatureOf(signed) } };
      }
      case "task_released": {
        if (call?.guarded !== true) return undefined;
        const { attempt, nonce, reason } = fact;
        return {
          kind: "released",
          people: [],
          tool,
          says: { ...about, attempt, nonceDigest: digestOf(nonce), reason },
        };
      }
      case "tool_result": {
        if (call?.guarded !== true) return undefined;
        const { attempt, by, outcome, signed } = fact;
        const says = { ...about, attempt, by, ...told(outcome), signed: signed && signatureOf(signed) };
        return { kind: "settled", people: [], tool, says };
      }
      case "late_outcome": {
        const { attempt, outcome, settles } = fact;
        return {
          kind: "settled",
          people: [],
          tool,
          says: { ...about, attempt, late: true, settles, ...told(outcome) },
        };
      }
      case "ended": {
        const { end } = fact;
        const reason = end.state === "COMPLETED" ? undefined : end.reason;
        const who = end.state === "CANCELLED" ? end.who : undefined;
        return { kind: "ended", people: peopleOf(who), tool: "", says: { state: end.state, reason, who } };
      }
      default:
        return undefined;
    }
  }

  /** Of a call that a standing grant decided without anybody being asked: what would have been shown. */
  private spared({ callId, tool, digest, arguments: text }: ToolCalled, { approvalId }: Decided): AuditFact["says"] {
    const about = { approval: approvalId, call: callId, tool, checkpoint: "APPROVAL", digest, arguments: text };
    return { ...about, ...this.asker(tool), votesRequired: 1 };
  }

  private asker(tool: string): AuditFact["says"] {
    const { agentName: agent, agentVersion, startedBy, onBehalfOf: startedFor } = this.started ?? {};
    return { startedBy, startedFor, agent, agentVersion, policy: this.policyOf(tool) };
  }

  private requested(fact: Waiting, call: KnownCall | undefined): AuditFact["says"] {
    const { approvalId: approval, callId, tool, kind: checkpoint, digest, votesRequired, explicit, approvers } = fact;
    const { reason, expiresAt, previews, drift, unknown } = fact;
    return {
      approval,
      call: callId,
      tool,
      checkpoint,
      digest,
      arguments: call?.arguments ?? "",
      ...this.asker(tool),
      reason,
      votesRequired,
      explicit,
      approvers,
      expiresAt,
      // Taken from now on; where it had been approved before, what the check found is shown, and told by its entry.
      preview: previews && { fields: previews.fields, timeoutMs: previews.timeoutMs },
      drift,
      unknown: unknown && {
        attempt: unknown.attempt,
        worker: unknown.workerId,
        cause: unknown.cause,
        nonceDigest: digestOf(unknown.nonce),
      },
    };
  }

  /** What later entries have to know. */
  private take(fact: Fact): void {
    switch (fact.type) {
      case "run_started":
        this.started = fact;
        return;
      case "tool_call":
        this.calls.set(fact.callId, knownCall(fact));
        return;
      case "waiting":
        this.change(fact.callId, { guarded: true });
        return;
      case "tool_started":
        // The owner's demand may have made it stricter.
        if (isGuarded(fact.gate)) this.change(fact.callId, { guarded: true });
        return;
      case "voted":
      case "decided": {
        const { approvalId: approval, decisionId: decision, edited, outcome } = fact;
        this.change(fact.callId, { guarded: true, ...edited });
        const lets = fact.type === "decided" && (outcome === "approved" || outcome === "run_again");
        if (lets) this.change(fact.callId, { approval, decision });
        return;
      }
      default:
        return;
    }
  }

  private change(callId: string, change: Partial<KnownCall>): void {
    const call = this.calls.get(callId);
    if (call !== undefined) this.calls.set(callId, { ...call, ...change });
  }
}

/** By call, the decisions that standing grants made. */
function grantedIn(events: readonly RunEvent[]): ReadonlyMap<string, Decided> {
  return new Map(
    events.flatMap(({ fact }) => (fact.type === "decided" && fact.ground !== undefined ? [[fact.callId, fact]] : [])),
  );
}

function knownCall({ tool, gate, arguments: text, digest }: ToolCalled): KnownCall {
  return { tool, guarded: isGuarded(gate), arguments: text, digest };
}

function acted(act: Act, call: KnownCall | undefined): AuditFact["says"] {
  const { approvalId: approval, decisionId: decision, who, onBehalfOf, outcome, comment, edited, via, signed } = act;
  const { preview, group } = act;
  return {
    approval,
    decision,
    who,
    onBehalfOf,
    group,
    outcome,
    comment,
    preview,
    // Of what was shown: an edit is told beside it.
    digest: signed?.digest ?? call?.digest,
    editedDigest: edited?.digest,
    editedArguments: edited?.arguments,
    ...via,
    signed: signed && signatureOf(signed),
  };
}

function told(outcome: CallOutcome): AuditFact["says"] {
  return { outcome: outcome.kind, outcomeDigest: outcomeDigest(outcome) };
}

function signatureOf({ keyId, signature }: Signed): Signed {
  return { keyId, signature };
}

function peopleOf(...people: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(people.filter((person) => person !== undefined && person !== ""))] as readonly string[];
}
