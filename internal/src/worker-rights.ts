// What the NATS login of a worker must allow, and nothing more: it takes its own tools' tasks, speaks for nobody else,
// and hears no answer, event or task of another. They hold in an account apart from the services: nats-accounts.ts says why.
import { consumerName, TASK_STREAM, workerInboxPrefix } from "./subjects.js";

/** A tool that a worker serves. */
export interface ServedTool {
  readonly namespace: string;
  readonly queue: string;
  readonly tool: string;
}

/** Subjects, with NATS's wildcards, as a user's `permissions` in the server's configuration have them. */
export interface NatsPermissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** The permissions of the one worker with this id. Its streams and consumers are made by orchestrators. */
export function workerPermissions(workerId: string, tools: readonly ServedTool[]): NatsPermissions {
  const consumers = tools.map(({ namespace, queue, tool }) => consumerName(namespace, queue, tool));
  return {
    publish: [
      `agentspan.worker.${workerId}.>`,
      ...consumers.map((consumer) => `$JS.API.CONSUMER.MSG.NEXT.${TASK_STREAM}.${consumer}`),
      ...consumers.map((consumer) => `$JS.ACK.${TASK_STREAM}.${consumer}.>`),
    ],
    subscribe: [`${workerInboxPrefix(workerId)}.>`],
  };
}
