// Calls of the past, each with how it came to run or not, as the histories of runs have it.
import { ApprovalKind, type Decision, DecisionOutcome, type Event } from "@agentspan/proto";

/** Why a call could run, or had to wait. */
export type LetBy = "people" | "grant" | "nobody";

/** What people made of a call that they were asked about. */
export type Answered = "approved" | "edited" | "rejected" | "responded" | "expired" | "undecided";

/** Whoever decided, as far as events tell. */
export interface Decider {
  readonly who: string;
  /** For whom a delegate spoke; absent where nobody. */
  readonly onBehalfOf?: string;
  readonly groups: readonly string[];
}

export interface PastCall {
  readonly runId: string;
  readonly agentName: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly callId: string;
  readonly tool: string;
  /** RFC 8785 text, as the model asked for it. */
  readonly arguments: string;
  readonly digest: string;
  readonly at: Date | undefined;
  readonly letBy: LetBy;
  /** The tool's owner asked for people, and its definition did not. */
  readonly byOwner: boolean;
  /** Of a call that people were asked about. */
  readonly votesRequired: number;
  readonly answered: Answered;
  readonly decider: Decider | undefined;
  /** The reason of a rejection, or a comment. */
  readonly said: string;
}

type Draft = { -readonly [K in keyof PastCall]: PastCall[K] };

/** See the orchestrator's core/gate.ts. */
const OWNERS_WORD = "The tool's owner requires approval.";

/** Of one run, from its events, oldest first. Calls that were refused, and questions to people, are none. */
export class PastCalls {
  readonly #calls = new Map<string, Draft>();
  readonly #questions = new Set<string>();
  #about: Pick<PastCall, "runId" | "agentName" | "labels"> = { runId: "", agentName: "", labels: {} };

  get all(): readonly PastCall[] {
    return [...this.#calls.values()].filter(({ callId }) => !this.#questions.has(callId));
  }

  take({ event, at, runId }: Event): void {
    switch (event.case) {
      case "runStarted": {
        const { agentName, labels } = event.value;
        this.#about = { runId, agentName, labels };
        return;
      }
      case "toolCall": {
        const { callId, toolName: tool, argumentsJson, argumentsDigest: digest, refused } = event.value;
        if (refused !== "") return;
        this.#calls.set(callId, {
          ...{ ...this.#about, callId, tool, arguments: argumentsJson, digest },
          at: at === undefined ? undefined : new Date(Number(at.seconds) * 1000),
          ...{ letBy: "nobody", byOwner: false, votesRequired: 0, answered: "undecided", decider: undefined, said: "" },
        });
        return;
      }
      case "waiting": {
        const { approval, childRunId } = event.value;
        const call = childRunId === "" ? this.#calls.get(approval?.callId ?? "") : undefined;
        if (call === undefined || approval === undefined) return;
        if (approval.kind === ApprovalKind.QUESTION) this.#questions.add(call.callId);
        if (approval.kind !== ApprovalKind.APPROVAL) return;
        // What is asked once more, since something has changed, is still one call.
        if (call.letBy !== "people") {
          call.letBy = "people";
          call.byOwner = approval.reason === OWNERS_WORD;
          call.votesRequired = approval.votesRequired;
        }
        return;
      }
      case "decided":
        if (event.value.childRunId === "") this.#decide(event.value.callId, event.value.decision);
        return;
      case "checkpointClosed": {
        const call = event.value.childRunId === "" ? this.#calls.get(event.value.callId) : undefined;
        if (call !== undefined && event.value.why === "EXPIRED") call.answered = "expired";
        return;
      }
      default:
        return;
    }
  }

  #decide(callId: string, decision: Decision | undefined): void {
    const call = this.#calls.get(callId);
    const answered = decision && answerOf(decision);
    if (call === undefined || decision === undefined || answered === undefined) return;
    if (decision.ground !== undefined) call.letBy = "grant";
    const { decidedBy: who, onBehalfOf, group, comment } = decision;
    call.answered = answered;
    call.decider = { who, groups: group === "" ? [] : [group], ...(onBehalfOf === "" ? {} : { onBehalfOf }) };
    call.said = comment;
  }
}

/** Undefined for what settles a call that ran. */
function answerOf({ outcome, editedArgumentsJson }: Decision): Answered | undefined {
  switch (outcome) {
    case DecisionOutcome.APPROVED:
      return editedArgumentsJson === "" ? "approved" : "edited";
    case DecisionOutcome.REJECTED:
      return "rejected";
    case DecisionOutcome.RESPONDED:
      return "responded";
    default:
      return undefined;
  }
}
