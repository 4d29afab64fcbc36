// Takes a tool's preview, from the refusal that asks for it to the answered answer.
//
// Nothing of it is guarded: a preview only looks, so it may run late, twice, or beside another worker's. It always
// answers, since a person or a call waits: what it saw, or why it could not look. Its time is kept here, from when the
// claim was sent: what comes later is a failure, whatever the function still does.
import { digestOf, faultPoint, Limits } from "@agentspan/internal";
import { type CompleteRequest, type Grant, PreviewAnswerSchema } from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { writeJson } from "../json-text.js";
import { claim } from "./claim.js";
import type { Instant } from "./clock.js";
import { cut } from "./outcome.js";
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

const FAILURE_BYTES = 2 * 1024;
/** Milliseconds a timer can wait. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

type Outcome = CompleteRequest["outcome"];

export async function runPreview(parts: WorkerParts, task: TaskInHand, { draining }: TaskRunOptions): Promise<void> {
  const { runId, callId, attempt } = task;
  const fields = { runId, callId, attempt, toolName: task.toolName };
  if (draining()) return giveHintsBack(task, LEFT_TO_OTHERS_MS);
  const claimed = await claim(parts, task, { preview: true });
  if (claimed.kind !== "granted") {
    // Meanwhile it may be something else that is asked of this attempt: whoever claims next is told.
    giveHintsBack(task, LEFT_TO_OTHERS_MS);
    const reason = claimed.kind === "refused" ? claimed.reason : claimed.kind;
    return parts.logger.debug({ ...fields, reason }, "A claim of a preview was refused");
  }
  task.looks = true;
  acknowledgeHints(task);
  const { grant, orchestratorId, sentAt } = claimed;
  const number = grant.preview?.number ?? 0;
  const told = await saw(parts, task, grant, sentAt);
  const outcome: Outcome = { case: "previewAnswer", value: create(PreviewAnswerSchema, { number, outcome: told }) };
  await complete(parts, task, { outcome, argumentsDigest: grant.argumentsDigest, orchestratorId });
}

type Told = NonNullable<Parameters<typeof create<typeof PreviewAnswerSchema>>[1]>["outcome"] & {};

/** Never throws: whatever goes wrong is told to whoever decides. */
async function saw(parts: WorkerParts, task: TaskInHand, grant: Grant, sentAt: Instant): Promise<Told> {
  try {
    return contentOf(await withinTime(parts, task, grant, sentAt));
  } catch (error) {
    const { runId, callId, toolName } = task;
    parts.logger.warn({ runId, callId, toolName, err: error }, "A preview failed");
    const words = error instanceof Error ? error.message || error.name : String(error);
    return { case: "failure", value: cut(words, FAILURE_BYTES) };
  }
}

async function withinTime(parts: WorkerParts, task: TaskInHand, grant: Grant, sentAt: Instant): Promise<unknown> {
  const { abort } = task;
  const timeLeft = grant.preview?.timeLeft;
  const ms = timeLeft === undefined ? LONGEST_TIMER_MS : durationMs(timeLeft);
  const left = Math.max(0, ms - (parts.time.monotonic() - sentAt.monotonicMs));
  const aborted = new Promise<never>((_, reject) => {
    const end = () => reject(abort.signal.reason);
    if (abort.signal.aborted) end();
    else abort.signal.addEventListener("abort", end, { once: true });
  });
  const overdue = new Error(`It took longer than ${Math.round(ms / 100) / 10} s.`);
  const timer = parts.time.after(Math.min(left, LONGEST_TIMER_MS), () => abort.abort(overdue)).unref();
  try {
    return await Promise.race([look(parts, task, grant), aborted]);
  } finally {
    timer.cancel();
  }
}

async function look(parts: WorkerParts, task: TaskInHand, grant: Grant): Promise<unknown> {
  const { tool, runId, callId, toolName, abort } = task;
  if (grant.preview === undefined || grant.toolName !== toolName) {
    throw new Error("The server granted something else than this preview.");
  }
  if (tool.preview === undefined) throw new Error("The worker that was asked brings no preview for this tool.");
  if (grant.argumentsDigest !== digestOf(grant.argumentsJson))
    throw new Error("The arguments are not of their digest.");
  const read = await readArguments(task, grant.argumentsJson);
  if (!read.ok) throw new Error(`The worker's schema refuses the arguments: ${read.problem}`);
  faultPoint("worker.before-preview");
  const logger = parts.logger.child({ runId, callId, toolName });
  const { preview } = tool;
  const context = { runId, callId, signal: abort.signal, logger };
  const seen = await callTool(parts, task, "preview", () => preview(read.value, context), read.value);
  faultPoint("worker.after-preview");
  return seen;
}

/** What a preview returned, as the server is told. Throws where it cannot be shown. */
export function contentOf(seen: unknown): Told {
  if (seen === undefined) throw new TypeError("The preview returned nothing.");
  const written = writeJson(seen, numberOfJson);
  if (!written.ok) throw new TypeError(`What the preview returned cannot be written as JSON: ${written.problem}`);
  const bytes = Buffer.byteLength(written.text);
  if (bytes > Limits.previewBytes) {
    throw new TypeError(`What the preview returned has ${bytes} bytes of JSON; the limit is ${Limits.previewBytes}.`);
  }
  return { case: "contentJson", value: written.text };
}

/** JSON would have null for it, and whoever approves would be shown, and compare, something else. */
function numberOfJson(key: string, value: unknown): unknown {
  if (typeof value !== "number" || Number.isFinite(value)) return value;
  throw new TypeError(`${key === "" ? "it" : key} is ${value}, which JSON has no number for`);
}
