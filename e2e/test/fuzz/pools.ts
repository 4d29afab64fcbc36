// What a caller could know: the ids of runs that are there, names that mean something, and texts that are nearly right.
import type { Approval } from "@agentspan/sdk";
import type { Pool } from "./message-arbitrary.js";

export interface Known {
  /** Runs that wait for people, and that anything may be done to. */
  readonly waiting: readonly string[];
  /** Runs whose calls nobody executes but the garbage. */
  readonly tasks: readonly string[];
  /** Only looked at. */
  readonly canary: string;
  readonly approvals: readonly Approval[];
  readonly callIds: readonly string[];
  /** An input whose run asks for a refund. */
  readonly input: string;
  readonly agentVersion: string;
  readonly pageToken: string;
}

export const FUZZ_WORKER = { workerId: "fuzz-worker", incarnation: "fuzz-incarnation" } as const;
export const FUZZ_QUEUE = "fuzz_queue";
export const WORKER_IDS = [...Array<string>(40).fill(FUZZ_WORKER.workerId), "stranger", "worker-1"];

/** What its worker says when it means well, so that what it claims afterwards is its own. */
export const REGISTRATION = JSON.stringify({
  ...FUZZ_WORKER,
  tools: ["plain", "risky"].map((name) => ({ queue: FUZZ_QUEUE, name, once: name === "risky" })),
});

/** A claim that is granted, so that what follows for that call is of a task in hand. */
export function claimOf(runId: string, callId: string): string {
  return JSON.stringify({ ...FUZZ_WORKER, runId, callId, attempt: 1, nonce: "nonce-1" });
}

const NO_RUN = "run_aaaaaaaaaaaaaaaaaaaaaaaaaa";
const SCHEMAS = ['{"type":"object"}', '{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}'];
const JSON_TEXTS = ['{"order_id":"ORD-1","amount":5}', "{}", "1", '"x"', "null", '{"a":[1,2,{"b":null}]}'];

export function poolOf(known: Known): Pool {
  const digests = known.approvals.map(({ argumentsDigest }) => argumentsDigest);
  const { waiting, tasks, canary } = known;
  const decided = [...waiting, ...waiting, ...waiting, ...tasks, NO_RUN];
  const worked = [...tasks, ...tasks, ...tasks, ...waiting, NO_RUN];
  const of = (message: string, field: string) => `agentspan.v1.${message}.${field}`;
  return new Map<string, readonly string[]>([
    ...["Approve", "Reject", "Respond", "Settle"].map((name) => [of(`${name}Request`, "run_id"), decided] as const),
    ...["ClaimRequest", "CompleteRequest", "ReleaseRequest", "TaskInHand"].map(
      (name) => [of(name, "run_id"), worked] as const,
    ),
    // What has been cancelled shows little: rarely, and only of the oldest.
    [of("CancelRequest", "run_id"), [NO_RUN, NO_RUN, NO_RUN, waiting[0] ?? NO_RUN, tasks[0] ?? NO_RUN]],
    [of("PauseRequest", "run_id"), [...decided, ...tasks]],
    [of("ResumeRequest", "run_id"), [...decided, ...tasks]],
    ["run_id", [...waiting, ...tasks, canary, NO_RUN]],
    ["approval_id", [...known.approvals.map(({ approvalId }) => approvalId), "apr_none"]],
    ["call_id", [...known.callIds, ...known.callIds, "t9c9"]],
    ["arguments_digest", [...digests, `sha256:${"0".repeat(64)}`]],
    ["decision_id", Array.from({ length: 40 }, (_, at) => `decision-${at}`)],
    ["idempotency_key", Array.from({ length: 20 }, (_, at) => `key-${at}`)],
    ["nonce", ["nonce-1", "nonce-1", "nonce-2"]],
    ["agent_name", ["desk", "desk", "fuzz", "nobody"]],
    ["agent_version", [known.agentVersion, "v1"]],
    ["version", [known.agentVersion, "v1"]],
    [of("AgentDefinition", "name"), ["fuzz", "fuzz_more"]],
    [of("Tool", "name"), ["refund", "get_order", "wipe", "charge", "plain"]],
    [of("Tool", "queue"), ["desk", FUZZ_QUEUE]],
    [of("WorkerTool", "name"), ["plain", "risky", "other"]],
    [of("WorkerTool", "queue"), [FUZZ_QUEUE]],
    [of("GetAgentRequest", "name"), ["desk", "fuzz"]],
    ["model", ["script/desk"]],
    ["input", [known.input, known.input, "not in any script"]],
    ["input_schema_json", SCHEMAS],
    ["output_schema_json", SCHEMAS],
    ["edited_arguments_json", JSON_TEXTS],
    ["content_json", JSON_TEXTS],
    ["result_json", JSON_TEXTS],
    ["page_token", [known.pageToken]],
    ["cursor", [known.pageToken, "MTIz"]],
    ["worker_id", WORKER_IDS],
    ["incarnation", [...Array<string>(8).fill(FUZZ_WORKER.incarnation), "another"]],
    ["namespace", ["default", "default", "default", "", "", "", "elsewhere"]],
    ["tool_name", ["refund", "plain"]],
  ]);
}
