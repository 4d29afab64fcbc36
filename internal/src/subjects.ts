// Every NATS subject, stream and consumer name that two processes must agree on. No other file spells one.
import { createHash } from "node:crypto";

/** Work-queue stream of task hints. */
export const TASK_STREAM = "AGENTSPAN_TASKS";

/** In the stream's metadata: the id of the database whose tasks are hinted at there. */
export const DATABASE_MARK = "agentspan.database";

/** Queue group that orchestrators share for requests. */
export const ORCHESTRATORS = "orchestrators";

/** One attempt of one call, as a task hint names it. */
export interface TaskAddress {
  readonly namespace: string;
  readonly queue: string;
  readonly tool: string;
  readonly runId: string;
  readonly callId: string;
  readonly attempt: number;
}

/** The subject of a task hint: one message at a time lives on it. */
export function taskSubject(task: TaskAddress): string {
  return `agentspan.task.${task.namespace}.${task.queue}.${task.tool}.${task.runId}.${task.callId}.${task.attempt}`;
}

/** All task subjects, for the stream. */
export const ALL_TASKS = "agentspan.task.>";

/** All tasks of one (namespace, queue, tool), for its consumer. */
export function taskFilter(namespace: string, queue: string, tool: string): string {
  return `agentspan.task.${namespace}.${queue}.${tool}.>`;
}

/** All tasks of one call, for purging. */
export function callFilter(task: Omit<TaskAddress, "attempt">): string {
  return `agentspan.task.${task.namespace}.${task.queue}.${task.tool}.${task.runId}.${task.callId}.*`;
}

/** Whether a filter takes the hints of one call and no others. */
export function isCallFilter(filter: string): boolean {
  return /^agentspan\.task(\.[^.*>]+){5}\.\*$/.test(filter);
}

/** Where JetStream tells what becomes of the stream of tasks, and of each request to its API. */
export const QUEUE_ADVISORIES = {
  streamUpdated: `$JS.EVENT.ADVISORY.STREAM.UPDATED.${TASK_STREAM}`,
  streamDeleted: `$JS.EVENT.ADVISORY.STREAM.DELETED.${TASK_STREAM}`,
  consumerDeleted: `$JS.EVENT.ADVISORY.CONSUMER.DELETED.${TASK_STREAM}.*`,
  api: "$JS.EVENT.ADVISORY.API",
} as const;

/** Durable consumer of one (namespace, queue, tool); names may hold '_' and '-', so it is a hash and not a join. */
export function consumerName(namespace: string, queue: string, tool: string): string {
  const hash = createHash("sha256").update(`${namespace}/${queue}/${tool}`).digest("hex").slice(0, 20);
  return `task_${hash}`;
}

/** Whether an id is one token of a subject, without wildcards: letters, digits, '_' and '-', at most 128. */
export function isSubjectToken(id: string): boolean {
  return /^[A-Za-z0-9_-]{1,128}$/.test(id);
}

export type WorkerVerb = "register" | "claim" | "heartbeat" | "complete" | "release";
export const WORKER_VERBS: readonly WorkerVerb[] = ["register", "claim", "heartbeat", "complete", "release"];

/** Where a worker asks; with an orchestrator's id it asks that one first. */
export function workerSubject(workerId: string, verb: WorkerVerb, orchestratorId?: string): string {
  const subject = `agentspan.worker.${workerId}.${verb}`;
  return orchestratorId === undefined ? subject : `${subject}.${orchestratorId}`;
}

/** The prefix of a worker's answers; it may subscribe to nothing else. */
export function workerInboxPrefix(workerId: string): string {
  return `_INBOX_${workerId}`;
}

/** How the subjects begin on which clients other than workers take answers; workers may not publish there. */
export const INBOX_PREFIX = "_INBOX";

/** How NATS names the inbox of somebody in another account; it lets no client name such a subject. */
export const OTHER_ACCOUNT_PREFIX = "_R_.";

/** Whatever any worker asks of anybody. */
export const ALL_OF_WORKERS = "agentspan.worker.>";

/** Requests of any worker to any orchestrator. */
export const ALL_WORKER_REQUESTS = "agentspan.worker.*.*";

/** Requests of any worker to this orchestrator. */
export function workerRequestsTo(orchestratorId: string): string {
  return `agentspan.worker.*.*.${orchestratorId}`;
}

/** The worker and the verb of a request's subject; undefined where it is no subject of workerSubject()'s. */
export function parseWorkerSubject(subject: string): { workerId: string; verb: WorkerVerb } | undefined {
  const [, , workerId = "", verb] = subject.split(".");
  const known = WORKER_VERBS.find((one) => one === verb);
  return known !== undefined && isSubjectToken(workerId) ? { workerId, verb: known } : undefined;
}

/** Where gateways ask; with an orchestrator's id they ask that one first. */
export function requestSubject(orchestratorId?: string): string {
  return orchestratorId === undefined ? "agentspan.request" : `agentspan.request.${orchestratorId}`;
}

/** In place of a run, for the live events of every run of a namespace. */
export const ALL_RUNS = "*";

/** Live events of one run: LiveEvents messages. */
export function eventsSubject(namespace: string, runId: string): string {
  return `agentspan.events.${namespace}.${runId}`;
}

/**
 * Where a gateway says, again and again while it lasts, that somebody wants the pieces of a run's text as the model
 * speaks. The message is empty.
 */
export function deltasSubject(namespace: string, runId: string): string {
  return `agentspan.deltas.${namespace}.${runId}`;
}

/** Wishes for pieces of text of any run. */
export const ALL_DELTA_WISHES = "agentspan.deltas.*.*";

/** How long a wish holds, milliseconds; a gateway repeats it well within. */
export const DELTA_WISH_MS = 40_000;
