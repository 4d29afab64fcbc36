// What may become part of a subject is checked here, by every bus: a wildcard or a dot in a name would let one tool's
// hints reach another's workers.
import { AgentspanError, isSubjectToken, NAME_PATTERN, type TaskAddress } from "@agentspan/internal";

const MAX_ATTEMPT = 0xffff_ffff;

/** Throws INVALID_REQUEST where the address cannot be a subject. */
export function checkTask(task: TaskAddress): void {
  checkCall(task);
  if (!Number.isInteger(task.attempt) || task.attempt < 1 || task.attempt > MAX_ATTEMPT) {
    throw unsafe("attempt", String(task.attempt), "a whole number from 1");
  }
}

/** The same, for all attempts of a call. */
export function checkCall(call: Omit<TaskAddress, "attempt">): void {
  checkTool(call.namespace, call);
  checkId("runId", call.runId);
  checkId("callId", call.callId);
}

/** The same, for a tool of a queue. */
export function checkTool(namespace: string, { queue, tool }: { queue: string; tool: string }): void {
  checkName("namespace", namespace);
  checkName("queue", queue);
  checkName("tool", tool);
}

/** Throws INVALID_REQUEST where an id cannot be one token of a subject. */
export function checkId(field: string, id: string): void {
  if (!isSubjectToken(id)) throw unsafe(field, id, "letters, digits, '_' and '-', at most 128");
}

/** Throws INVALID_REQUEST where a name is none that agents, tools, queues and namespaces may have. */
export function checkName(field: string, name: string): void {
  if (!NAME_PATTERN.test(name)) throw unsafe(field, name, `a name like ${NAME_PATTERN.source}`);
}

function unsafe(field: string, value: string, wanted: string): AgentspanError {
  const shown = JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  return new AgentspanError("INVALID_REQUEST", `${field} is ${shown}; it must be ${wanted}.`, {
    fields: [{ field, description: `must be ${wanted}` }],
  });
}
