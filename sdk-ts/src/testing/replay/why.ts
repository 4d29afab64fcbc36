// Why a run goes otherwise by another definition, as far as that can be told: a sentence for somebody who knows the agent
// and not the server.
import { type Agent, toolOf } from "@agentspan/orchestrator/core";
import type { DecisionOutcome } from "../../approval.js";
import type { MappedEvent } from "../../event-mapping.js";
import { outcomeText } from "../event-lines.js";
import type { EventOf, RecordedRun } from "./recorded-run.js";
import type { Divergence } from "./replay-run.js";

/** Empty where nothing is known beyond what both events say. */
export function whyOf(divergence: Divergence, record: RecordedRun, today: Agent): string {
  const { recorded, now, answer, sooner } = divergence;
  if (sooner === true && now !== undefined) return byTime(now, recorded);
  if (recorded?.type === "tool_call" && now?.type === "tool_call")
    return ofCall(divergence, recorded, now, record, today);
  if (answer.type === "rejection" && recorded !== undefined) return ofRefusal(recorded, answer.message, record);
  if (recorded?.type === "waiting" && now?.type === "waiting") return ofTerms(divergence);
  if (now?.type === "voted" && recorded?.type === "decided") {
    return `What ${personIn(recorded)} said decided it in the record; today's definition wants more people to agree.`;
  }
  if (now?.type === "decided" && recorded?.type === "voted") {
    return `What ${personIn(recorded)} said was one vote of several in the record; today it decides alone.`;
  }
  if (now?.type === "ending" && now.reason === "MAX_TURNS") {
    return `Today's definition lets the model reply ${today.maxTurns} times.`;
  }
  if (now?.type === "warning" && now.reason === "OUTPUT_INVALID") {
    return `The answer does not fit today's output schema: ${now.message}`;
  }
  if (recorded?.type === "warning" && recorded.reason === "OUTPUT_INVALID") {
    return "The answer did not fit the output schema of then, and fits today's.";
  }
  if (recorded?.type === "tool_result" && now?.type === "error") {
    return `The call failed for good in the record; by today's definition it is tried again.`;
  }
  if (recorded?.type === "error" && now?.type === "tool_result") {
    return `The call was tried again in the record; by today's definition it fails for good: ${outcomeText(now.outcome)}`;
  }
  if (recorded?.type === "waiting" && now === undefined) return notAskedNow(recorded);
  if (now?.type === "waiting" && now.childRunId === "") return ofAsking(now, recorded, record);
  if (recorded?.type === "probe_answered" && recorded.runsAgain) {
    return "It ran again by itself in the record; by today's definition its attempts are used up, and a person is asked.";
  }
  if (recorded?.type === "child_started") {
    return `A run of ${recorded.agentName} was started for the call in the record; today's definition starts none.`;
  }
  return now === undefined && recorded !== undefined ? ofTime(recorded) : "";
}

function ofCall(
  { events }: Divergence,
  recorded: EventOf<"tool_call">,
  now: EventOf<"tool_call">,
  record: RecordedRun,
  today: Agent,
): string {
  const { toolName, callId } = recorded;
  if (now.refused !== undefined && recorded.refused === undefined) {
    if (toolOf(today, toolName) === undefined) {
      const known = today.tools.map(({ name }) => name).join(", ") || "none";
      return `The model called ${toolName}, and today's definition has no such tool (it has ${known}).`;
    }
    return `The model called ${toolName}, and today's definition refuses the call: ${now.refused}`;
  }
  if (now.refused === undefined && recorded.refused !== undefined) {
    return `The call of ${toolName} was refused in the record, and today's definition takes it.`;
  }
  if (recorded.approvalRequired && !now.approvalRequired) {
    if (toolOf(today, toolName)?.human !== undefined) {
      return `${becameOf(record, toolName, callId)} in the record; by today's definition people carry it out themselves.`;
    }
    return `${becameOf(record, toolName, callId)} in the record; today's definition does not ask.`;
  }
  if (now.approvalRequired && !recorded.approvalRequired) {
    const asked = events.find((event) => event.type === "waiting" && event.callId === callId);
    const reason = asked?.type === "waiting" ? ` (${asked.approval.reason})` : "";
    return `${toolName} ran without a person in the record; today's definition asks one${reason}.`;
  }
  return "";
}

/** What people, or time, or a standing grant made of an approval. */
function becameOf(record: RecordedRun, tool: string, callId: string): string {
  const decided = record.nextOf(callId, 0, "decided", (event) => event.childRunId === "");
  const { decision } = decided ?? {};
  if (decided !== undefined && decision !== undefined) {
    const who = personIn(decided);
    if (decision.ground !== undefined) return allowedBy(tool, who, decision.ground.grantId);
    return `${tool} was ${wordOf(decision.outcome)} by ${who}`;
  }
  const closed = record.nextOf(callId, 0, "checkpoint_closed", (event) => event.childRunId === "");
  if (closed?.why === "EXPIRED") return `Nobody decided in time about ${tool}`;
  return `${tool} waited for a person`;
}

function allowedBy(tool: string, who: string, grantId: string): string {
  return `${tool} was allowed by ${who}'s standing grant ${grantId}`;
}

function wordOf(outcome: DecisionOutcome): string {
  return outcome === "RESPONDED" ? "answered, in place of the tool," : outcome.toLowerCase().replace("_", " ");
}

/** People are asked now, where something else followed. */
function ofAsking(now: EventOf<"waiting">, recorded: MappedEvent | undefined, record: RecordedRun): string {
  if (now.kind === "SETTLEMENT") {
    return "By today's definition the call may start only once: nobody knows then whether it happened, and a person is asked.";
  }
  const ground = recorded?.type === "decided" ? recorded.decision?.ground : undefined;
  if (recorded?.type !== "decided" || ground === undefined) {
    return `Today's definition asks a person: ${now.approval.reason}`;
  }
  const tool = record.call(recorded.callId)?.toolName ?? recorded.callId;
  return `${allowedBy(tool, personIn(recorded), ground.grantId)} in the record; by today's definition no such grant decides it.`;
}

function personIn(event: EventOf<"decided"> | EventOf<"voted">): string {
  if (event.type === "decided") return event.decision?.onBehalfOf || event.decision?.decidedBy || "somebody";
  return event.vote?.onBehalfOf || event.vote?.who || "somebody";
}

function ofRefusal(recorded: MappedEvent, message: string, record: RecordedRun): string {
  if (recorded.type !== "decided" && recorded.type !== "voted") return `Today that is refused: ${message}`;
  const tool = record.call(recorded.callId)?.toolName ?? recorded.callId;
  const what = recorded.type === "decided" ? recorded.decision?.outcome : recorded.vote?.what;
  const said = what === undefined ? "decided about" : what.toLowerCase().replace("_", " ");
  return `${personIn(recorded)} ${said} ${tool} in the record; today that is refused: ${message}`;
}

const TERMS: Readonly<Record<string, string>> = {
  approvers: "who may decide",
  votesRequired: "how many must agree",
  kind: "what is asked",
  preview: "what is shown",
};

function ofTerms({ fields }: Divergence): string {
  const changed = [...new Set(fields.map(({ path }) => path.replace(/^approval\./u, "").split(".")[0] ?? ""))];
  return `A person is asked both times, and ${changed.map((field) => TERMS[field] ?? field).join(" and ")} has changed.`;
}

function notAskedNow({ toolName, kind }: EventOf<"waiting">): string {
  const what = kind === "QUESTION" ? `${toolName} asked a person` : `A person was asked about ${toolName}`;
  return `${what} in the record; today's definition does not ask.`;
}

/** Of what comes by time now, and did not in the record. */
function byTime(now: MappedEvent, recorded: MappedEvent | undefined): string {
  switch (now.type) {
    case "checkpoint_closed": {
      if (now.why !== "EXPIRED") return "";
      const who = recorded?.type === "decided" || recorded?.type === "voted" ? `${personIn(recorded)} decided` : "that";
      return `By today's definition the time to decide is over before ${who}.`;
    }
    case "escalated":
      return "By today's definition it goes to others before anybody decided.";
    case "ending":
      return now.state === "TIMED_OUT" ? "By today's definition the run's deadline is over before that." : "";
    case "error":
      return now.reason === "TOOL_TIMED_OUT" ? RUNS_TOO_LONG : "";
    case "probing":
      return RUNS_TOO_LONG;
    case "waiting":
      return now.approval.unknownOutcome?.cause === "TIMED_OUT" ? RUNS_TOO_LONG : "";
    case "tool_result":
      return now.outcome.kind === "error" && now.outcome.message.startsWith("No worker took") ? WAITS_TOO_LONG : "";
    default:
      return "";
  }
}

const RUNS_TOO_LONG = "By today's definition the tool ran past its time-out.";
const WAITS_TOO_LONG = "By today's definition the call waited too long for a worker.";

/** Of what came by time in the record. */
function ofTime(recorded: MappedEvent): string {
  switch (recorded.type) {
    case "checkpoint_closed":
      return recorded.why === "EXPIRED"
        ? "Nobody had decided in time in the record; today there is still time then."
        : "";
    case "escalated":
      return "It went to others in the record, since nobody had decided; today it does not go to others then.";
    case "ending":
      return recorded.state === "TIMED_OUT" ? "The run's deadline was over in the record; today it is not then." : "";
    case "error":
    case "tool_result":
    case "probing":
      return "The call's time was over, or its worker was lost, in the record; today nothing ends it then.";
    default:
      return "";
  }
}
