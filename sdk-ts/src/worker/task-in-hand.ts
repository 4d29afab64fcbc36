import { randomBytes } from "node:crypto";
import type { TaskHint } from "@agentspan/proto";
import type { SchemaReading } from "../input-schema.js";
import type { Tool } from "../tool.js";
import type { TaskMessage } from "./task-message.js";
import type { HookedTask } from "./test-hooks.js";

/** One attempt that this worker claims, runs or reports. It is in hand until the server has answered for it. */
export interface TaskInHand extends HookedTask {
  readonly tool: Tool;
  /** The orchestrator that announced it. */
  readonly announcedBy: string;
  /** Aborts the function: told by the server, by the deadline, or by shutdown. */
  readonly abort: AbortController;
  /** The function has been called. */
  begun: boolean;
  /** Its preview is being taken: what it would do is looked at, and nothing of the attempt itself is in hand. */
  looks: boolean;
  /** Hints that wait for the claim's answer; undefined once it is there. */
  hints: TaskMessage[] | undefined;
}

export interface TaskRunOptions {
  /** Whether nothing new begins any more. */
  readonly draining: () => boolean;
}

/** The nonce lives in this process's memory alone: 128 random bits. */
export function taskInHand(hint: TaskHint, tool: Tool, message: TaskMessage): TaskInHand {
  return {
    runId: hint.runId,
    callId: hint.callId,
    attempt: hint.attempt,
    nonce: randomBytes(16).toString("hex"),
    toolName: tool.name,
    tool,
    announcedBy: hint.orchestratorId,
    abort: new AbortController(),
    begun: false,
    looks: false,
    hints: [message],
  };
}

/** A further hint of the same attempt: this claim's answer is its answer too. */
export function joinHint(task: TaskInHand, message: TaskMessage): void {
  if (task.hints === undefined) message.ack();
  else task.hints.push(message);
}

/** The claim takes longer than one try: nobody else should try as well. */
export function holdHints(task: TaskInHand): void {
  for (const message of task.hints ?? []) message.working();
}

/** The claim is answered, either way. */
export function acknowledgeHints(task: TaskInHand): void {
  for (const message of task.hints ?? []) message.ack();
  task.hints = undefined;
}

/** What cannot be taken here now is left to others for so long. */
export const LEFT_TO_OTHERS_MS = 1_000;

/** What is asked cannot be done here: another worker may have the hints after so many milliseconds. */
export function giveHintsBack(task: TaskInHand, afterMs: number): void {
  for (const message of task.hints ?? []) message.giveBack(afterMs);
  task.hints = undefined;
}

/** Names an attempt: two hints of one key are about the same thing. */
export function attemptKey(of: { readonly runId: string; readonly callId: string; readonly attempt: number }): string {
  return `${of.runId}/${of.callId}/${of.attempt}`;
}

/** What the tool's own schema makes of the text of the arguments, or what is wrong with it. */
export async function readArguments(task: TaskInHand, text: string): Promise<SchemaReading> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { ok: false, problem: `the arguments are not JSON: ${String(error)}` };
  }
  return task.tool.readArguments(value);
}
