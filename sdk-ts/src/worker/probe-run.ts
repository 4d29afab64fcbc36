// Asks a tool's probe whether a lost attempt took effect, from the refusal that says so to the answered answer.
//
// Nothing of it is guarded: a probe only looks, so it may run late, twice, or beside another worker's. Where it cannot
// answer (it throws, its schema refuses the arguments, what it returns is no answer) nothing is said: the server
// announces it again, and asks a person when its time is over. What is no clear answer is never taken for a no.
import { digestOf, faultPoint } from "@agentspan/internal";
import { type CompleteRequest, type Grant, ProbeAnswerSchema, ProbeVerdict } from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { claim } from "./claim.js";
import { cut, MESSAGE_BYTES, returned } from "./outcome.js";
import { complete } from "./report.js";
import {
  acknowledgeHints,
  giveHintsBack,
  LEFT_TO_OTHERS_MS,
  readArguments,
  type TaskInHand,
  type TaskRunOptions,
} from "./task-in-hand.js";
import { callTool, type WorkerParts } from "./worker-parts.js";

type Outcome = CompleteRequest["outcome"];

export async function runProbe(parts: WorkerParts, task: TaskInHand, { draining }: TaskRunOptions): Promise<void> {
  const { runId, callId, attempt } = task;
  const fields = { runId, callId, attempt, toolName: task.toolName };
  if (task.tool.probe === undefined || draining()) return giveHintsBack(task, LEFT_TO_OTHERS_MS);
  const claimed = await claim(parts, task, { probe: true });
  if (claimed.kind === "unregistered") return giveHintsBack(task, LEFT_TO_OTHERS_MS);
  acknowledgeHints(task);
  if (claimed.kind !== "granted") {
    const reason = claimed.kind === "refused" ? claimed.reason : claimed.kind;
    return parts.logger.debug({ ...fields, reason }, "A claim of a probe was refused");
  }
  const { grant, orchestratorId } = claimed;
  task.begun = true;
  let outcome: Outcome;
  try {
    outcome = await ask(parts, task, grant);
  } catch (error) {
    return parts.logger.error({ ...fields, err: error }, "A probe gave no answer; it will be asked again");
  }
  await complete(parts, task, { outcome, argumentsDigest: grant.argumentsDigest, orchestratorId });
}

async function ask(parts: WorkerParts, task: TaskInHand, grant: Grant): Promise<Outcome> {
  const { tool, runId, callId, attempt, toolName, abort } = task;
  if (!grant.probe || grant.toolName !== toolName) throw new Error("The server granted something else than a probe.");
  if (grant.argumentsDigest !== digestOf(grant.argumentsJson))
    throw new Error("The arguments are not of their digest.");
  const read = await readArguments(task, grant.argumentsJson);
  if (!read.ok) throw new Error(`The schema here refuses the call's arguments: ${read.problem}`);
  faultPoint("worker.before-probe");
  const context = {
    ...{ runId, callId, attempt, idempotencyKey: grant.idempotencyKey, signal: abort.signal },
    logger: parts.logger.child({ runId, callId, attempt, toolName }),
  };
  const probe = async () => tool.probe?.(read.value, context);
  const said = await callTool(parts, task, "probe", probe, read.value);
  faultPoint("worker.after-probe");
  return answered(said, parts.link.maxPayload);
}

/** What a probe returned, as the server is told. Throws where it is no answer. */
export function answered(said: unknown, maxPayload: number): Outcome {
  const { happened, unknown, result, detail } = (typeof said === "object" && said !== null ? said : {}) as {
    readonly [name in "happened" | "unknown" | "result" | "detail"]?: unknown;
  };
  const words = typeof detail === "string" ? cut(detail, MESSAGE_BYTES) : "";
  if (unknown === true && happened === undefined) return answer(ProbeVerdict.UNKNOWN, words);
  if (unknown === undefined && happened === false) return answer(ProbeVerdict.DID_NOT_HAPPEN, words);
  if (unknown !== undefined || happened !== true) {
    throw new TypeError("A probe returns { happened: true, result }, { happened: false } or { unknown: true }.");
  }
  const told = returned(result, { guarded: true, maxPayload });
  if (told.case !== "resultJson") throw new TypeError("The result that the probe found cannot be written as JSON.");
  return answer(ProbeVerdict.HAPPENED, words, told.value);
}

function answer(verdict: ProbeVerdict, detail: string, resultJson = ""): Outcome {
  return { case: "probeAnswer", value: create(ProbeAnswerSchema, { verdict, detail, resultJson }) };
}
