// What a worker's request must hold before anything is done with it. Each throws INVALID_REQUEST or LIMIT_EXCEEDED.
import { AgentspanError, checkSchema, Limits, NAME_PATTERN, previewFault } from "@agentspan/internal";
import type { RegisterRequest, TaskInHand, WorkerTool } from "@agentspan/proto";
import type { Instance } from "./ports.js";

const MOST_TOOLS = 1_000;
const MOST_ID_CHARACTERS = 256;

export function requireText(fields: Readonly<Record<string, string>>): void {
  for (const [field, text] of Object.entries(fields)) {
    if (text === "" || text.length > MOST_ID_CHARACTERS)
      throw new AgentspanError("INVALID_REQUEST", `${field} is missing or too long.`);
  }
}

/** Tasks that a worker may have in hand. */
const MOST_TASKS = 10_000;

export function checkTasks(tasks: readonly Pick<TaskInHand, "runId" | "callId" | "nonce">[]): void {
  if (tasks.length > MOST_TASKS)
    throw new AgentspanError("LIMIT_EXCEEDED", `A worker has at most ${MOST_TASKS} tasks in hand.`);
  for (const { runId, callId, nonce } of tasks) requireText({ runId, callId, nonce });
}

/** One that no worker gets to by adding one is garbage, and is not kept: it could not be read as it was written. */
export function counterOf(counter: bigint): number {
  if (counter <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(counter);
  throw new AgentspanError("INVALID_REQUEST", `counter is at most ${Number.MAX_SAFE_INTEGER}.`);
}

/** An incarnation is one process: nobody shows life for another. */
export function checkIdentity(
  workerId: string,
  incarnation: string,
  known: Pick<Instance, "kind" | "name"> | undefined,
) {
  if (known === undefined || (known.kind === "worker" && known.name === workerId)) return;
  throw anothers(incarnation);
}

export function anothers(incarnation: string): AgentspanError {
  return new AgentspanError("INVALID_REQUEST", `Incarnation ${incarnation} is another process's.`);
}

export function checkRegistration({ incarnation, namespace, tools }: RegisterRequest): void {
  requireText({ incarnation });
  if (namespace !== "" && !NAME_PATTERN.test(namespace)) {
    throw new AgentspanError("INVALID_REQUEST", "The namespace is no name.");
  }
  if (tools.length > MOST_TOOLS)
    throw new AgentspanError("LIMIT_EXCEEDED", `A worker serves at most ${MOST_TOOLS} tools.`);
  for (const tool of tools) checkTool(tool);
}

function checkTool({ queue, name, inputSchemaJson, preview }: WorkerTool): void {
  if (!NAME_PATTERN.test(queue) || !NAME_PATTERN.test(name)) {
    throw new AgentspanError(
      "INVALID_REQUEST",
      `Tool ${JSON.stringify(name)} of queue ${JSON.stringify(queue)} is no name.`,
    );
  }
  const bytes = Buffer.byteLength(inputSchemaJson);
  if (bytes > Limits.toolSchemaBytes) {
    const message = `The schema of ${name} has ${bytes} bytes; the limit is ${Limits.toolSchemaBytes}.`;
    throw new AgentspanError("LIMIT_EXCEEDED", message);
  }
  const problem = inputSchemaJson === "" ? undefined : checkSchema(inputSchemaJson);
  if (problem !== undefined) throw new AgentspanError("INVALID_REQUEST", `The schema of ${name}: ${problem}`);
  const fault = preview === undefined ? undefined : previewFault(preview);
  if (fault !== undefined) throw new AgentspanError("INVALID_REQUEST", `The preview of ${name}: ${fault}.`);
}

/** Namespaces come with authentication; until then there is one. */
const DEFAULT_NAMESPACE = "default";

export function namespaceOf(namespace: string): string {
  return namespace === "" ? DEFAULT_NAMESPACE : namespace;
}
