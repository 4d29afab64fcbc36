// What a person was last shown, so that a decision is about that and nothing else: a decision sent without an id would
// decide whatever is open by the time it arrives.
import { AgentspanError } from "@agentspan/internal";
import type { Approval } from "./approval.js";

/** Settlements are answered by settle alone, everything else by approve, reject and respond. */
export type DecisionKind = "decision" | "settlement";

export class ShownApprovals {
  #last: readonly Approval[] = [];

  /** A status or one event showed these, in place of what was shown before. Showing nothing leaves nothing pinned. */
  show(approvals: readonly Approval[]): void {
    this.#last = approvals;
  }

  forget(): void {
    this.#last = [];
  }

  find(approvalId: string): Approval | undefined {
    return this.#last.find((approval) => approval.approvalId === approvalId);
  }

  /**
   * The one approval that a decision without an id is about; undefined where none was shown.
   * Throws APPROVAL_ID_REQUIRED, listing them, where several were.
   */
  pinned(kind: DecisionKind): Approval | undefined {
    const fitting = this.#last.filter((approval) => fits(approval, kind));
    return fitting.length === 0 ? undefined : theOnly(fitting);
  }
}

/** Exactly one open approval of a status. Throws NOTHING_TO_DECIDE, SETTLE_REQUIRED or APPROVAL_ID_REQUIRED. */
export function onlyOpen(runId: string, open: readonly Approval[], kind: DecisionKind): Approval {
  const fitting = open.filter((approval) => fits(approval, kind));
  if (fitting.length > 0) return theOnly(fitting);
  const metadata = { runId };
  if (open.length > 0 && kind === "decision") {
    const remedy = "look whether it happened and answer with settle()";
    throw new AgentspanError("SETTLE_REQUIRED", `Run ${runId} waits for a call whose outcome is unknown; ${remedy}.`, {
      metadata,
    });
  }
  const what = kind === "settlement" ? "no call of unknown outcome" : "no open approval";
  throw new AgentspanError("NOTHING_TO_DECIDE", `Run ${runId} has ${what}; read its status first.`, { metadata });
}

function fits(approval: Approval, kind: DecisionKind): boolean {
  return (approval.kind === "SETTLEMENT") === (kind === "settlement");
}

function theOnly(approvals: readonly Approval[]): Approval {
  const [first, ...others] = approvals;
  if (first !== undefined && others.length === 0) return first;
  const listed = approvals.map(({ approvalId, toolName }) => `${approvalId} (${toolName})`).join(", ");
  throw new AgentspanError(
    "APPROVAL_ID_REQUIRED",
    `${approvals.length} approvals are open; say which one with { approvalId }: ${listed}.`,
    { metadata: { approvalIds: approvals.map((approval) => approval.approvalId).join(",") } },
  );
}
