// Invariants of previews: what people saw is what the call does when it begins, or they are asked again.
import type { Fact } from "../../src/core/index.js";
import { textFunctions } from "../../src/text-functions.js";
import { type ExploredRun, type Invariants, type Step, Violation, type Watcher } from "./explored-run.js";

type Of<T extends Fact["type"]> = Extract<Fact, { type: T }>;

/** What the record says of the previews of a call, read without the core. */
interface Witness {
  /** What must be the same, of the approval that was opened last. */
  fields: readonly string[] | undefined;
  /** By approval: the fingerprint in sight. */
  readonly shown: Map<string, string>;
  /** The fingerprint that people approved on, and the last check since. */
  approvedOn: string | undefined;
  check: { readonly fingerprint: string; readonly at: number } | undefined;
  drifts: number;
  /** By number: what each is for, and until when. */
  readonly asked: Map<number, { readonly purpose: string; readonly until: number }>;
  readonly taken: Set<number>;
}

const CHECK_HOLDS_MS = 30_000;
const DRIFTS = 3;

/**
 * 32: a call that people approved with a preview in sight begins within 30 s of a check that found the same in the fields
 * that count, unless a person lets it run again after that; one that finds something else, or nothing, asks them anew,
 * and the third that finds something else ends the call. A preview is answered once, and after it was asked.
 */
export function whatWasSeenIsWhatRuns(): Invariants {
  const witnesses = new Map<string, Witness>();
  return (explored, step) => {
    for (const { fact, at } of step.events) {
      if (!("callId" in fact)) continue;
      const witness = witnesses.get(fact.callId) ?? fresh();
      witnesses.set(fact.callId, witness);
      observe(witness, fact, at, explored, step);
    }
    const { answer, command, run } = step;
    if (answer?.type === "preview_granted" && command.type === "claim_preview") {
      const asked = witnesses.get(command.callId)?.asked.get(answer.number);
      if (asked?.until !== answer.until) throw new Violation(32, `a preview of ${command.callId} has another time`);
      const source = explored.events[answer.argumentsSequence - 1]?.fact;
      const text =
        source?.type === "tool_call"
          ? source.arguments
          : source !== undefined && "edited" in source
            ? source.edited?.arguments
            : "";
      if (textFunctions.digestOf(text ?? "") !== answer.digest) throw new Violation(32, "it looks at other arguments");
    }
    // Who says what was in sight decides on that, or not at all.
    if (command.type === "decide" && command.preview !== undefined && answer?.type === "decided" && !answer.repeated) {
      const acted = step.events.find(({ fact }) => fact.type === "voted" || fact.type === "decided")?.fact;
      const seen = acted?.type === "voted" || acted?.type === "decided" ? (acted.preview ?? "") : "";
      if (seen !== command.preview) throw new Violation(32, `${command.decisionId} was shown ${command.preview}`);
    }
    if (command.type !== "tick" || run === undefined) return;
    const late = run.turn.calls.find(
      ({ state }) => state.kind === "checking" && (state.until ?? Infinity) <= run.updatedAt,
    );
    if (late !== undefined) throw new Violation(32, `the time of the check of ${late.callId} is over`);
  };
}

function fresh(): Witness {
  return {
    fields: undefined,
    shown: new Map(),
    approvedOn: undefined,
    check: undefined,
    drifts: 0,
    asked: new Map(),
    taken: new Set(),
  };
}

function observe(witness: Witness, fact: Fact, at: number, explored: ExploredRun, step: Step): void {
  switch (fact.type) {
    case "waiting":
      if (fact.kind === "APPROVAL") opened(witness, fact, explored, step);
      return;
    case "voted":
    case "decided": {
      const shown = witness.shown.get(fact.approvalId);
      const settles = ["happened", "run_again", "given_up"].includes(fact.outcome);
      if (!settles && fact.preview !== shown) throw new Violation(32, `${fact.decisionId} tells of another preview`);
      if (fact.edited !== undefined) witness.shown.delete(fact.approvalId);
      if (fact.type === "voted" || (fact.outcome !== "approved" && fact.outcome !== "run_again")) return;
      witness.check = undefined;
      witness.approvedOn = fact.outcome === "approved" ? witness.shown.get(fact.approvalId) : undefined;
      return;
    }
    case "preview_asked":
      if (witness.asked.has(fact.number)) throw new Violation(32, `preview ${fact.number} is asked twice`);
      witness.asked.set(fact.number, { purpose: fact.purpose, until: fact.until });
      return;
    case "preview_taken":
      taken(witness, fact, at, step);
      return;
    case "tool_started":
      started(witness, fact, at);
      return;
    default:
      return;
  }
}

function opened(witness: Witness, fact: Of<"waiting">, { agent }: ExploredRun, { command, events }: Step): void {
  const defined = agent.tools.find(({ name }) => name === fact.tool)?.preview;
  const owners = command.type === "take_model_reply" ? command.owners : {};
  const owner =
    command.type === "claim" ? command.owner : Object.hasOwn(owners, fact.tool) ? owners[fact.tool] : undefined;
  const says = defined !== undefined || owner?.preview !== undefined || fact.drift !== undefined;
  if ((fact.previews !== undefined) !== says) throw new Violation(32, `what ${fact.callId} would do is not looked at`);
  witness.fields = fact.previews?.fields;
  witness.check = undefined;
  witness.approvedOn = undefined;
  if (fact.drift === undefined) return;
  const { fingerprint, checked } = fact.drift;
  const found = events.find(({ sequence }) => sequence === checked)?.fact;
  if (found?.type !== "preview_taken" || found.purpose !== "checked") throw new Violation(32, "nothing has drifted");
  if (fingerprint !== undefined) witness.shown.set(fact.approvalId, fingerprint);
}

function taken(witness: Witness, fact: Of<"preview_taken">, at: number, { events, command }: Step): void {
  const { number, finding, purpose, verdict, approvalId, callId } = fact;
  const asked = witness.asked.get(number);
  if (witness.taken.has(number)) throw new Violation(32, `preview ${number} of ${callId} is answered twice`);
  witness.taken.add(number);
  if (command.type === "answer_preview" && (asked === undefined || command.number !== number)) {
    throw new Violation(32, `preview ${number} of ${callId} is answered, and nobody asked`);
  }
  if (asked !== undefined && asked.purpose !== purpose)
    throw new Violation(32, `preview ${number} is for something else`);
  const fingerprint = finding.kind === "found" ? finding.fingerprint : undefined;
  if (finding.kind === "found") {
    const own = textFunctions.previewOf(finding.text, witness.fields ?? []);
    if (!own.ok || own.fingerprint !== fingerprint)
      throw new Violation(32, `preview ${number} has another fingerprint`);
  }
  if (purpose === "shown") {
    if (fingerprint === undefined) witness.shown.delete(approvalId);
    else witness.shown.set(approvalId, fingerprint);
    return;
  }
  const same = fingerprint !== undefined && fingerprint === witness.approvedOn;
  const said = fingerprint === undefined ? undefined : same ? "same" : "drifted";
  if (verdict !== said) throw new Violation(32, `a check of ${callId} says ${verdict}, and is ${said}`);
  if (fingerprint !== undefined && same) {
    witness.check = { fingerprint, at };
    return;
  }
  if (fingerprint !== undefined) witness.drifts += 1;
  const facts = events.map((event) => event.fact);
  const asks = facts.some((other) => other.type === "waiting" && other.callId === callId);
  // What ends the run at once ends the call as something else.
  const ends = facts.some((other) => isUnstable(other) && other.callId === callId);
  const over = fingerprint !== undefined && witness.drifts >= DRIFTS;
  // Where it may have taken effect already, people are asked about that.
  const settles = facts.some(
    (other) => other.type === "waiting" && other.callId === callId && other.kind === "SETTLEMENT",
  );
  if (ends !== (over && !settles) || asks === ends) throw new Violation(32, `nobody is asked about ${callId} anew`);
}

function isUnstable(fact: Fact): fact is Of<"tool_result"> {
  return fact.type === "tool_result" && fact.outcome.kind === "error" && fact.outcome.reason === "PREVIEW_UNSTABLE";
}

function started({ approvedOn, check }: Witness, { callId, checked, gate }: Of<"tool_started">, at: number): void {
  if (checked !== undefined && gate === "plain") throw new Violation(32, `${callId} is plain, and was looked at`);
  if (checked !== approvedOn) throw new Violation(32, `${callId} began on ${checked}, approved on ${approvedOn}`);
  if (approvedOn === undefined) return;
  if (check === undefined || check.fingerprint !== approvedOn) throw new Violation(32, `${callId} began unchecked`);
  if (at - check.at >= CHECK_HOLDS_MS) throw new Violation(32, `${callId} began ${at - check.at} ms after its check`);
}

export const PREVIEWS: readonly Watcher[] = [[[32], whatWasSeenIsWhatRuns]];
