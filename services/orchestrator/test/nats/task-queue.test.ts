// What the queue does about a hint that NATS left behind; all else about it is shown on a real server.
import { createLogger, under } from "@agentspan/internal";
import { context, trace } from "@opentelemetry/api";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { type JetStreamClient, type JetStreamManager, type JetStreamPublishOptions, NatsError } from "nats";
import { expect, it, onTestFinished } from "vitest";
import type { NatsLink } from "../../src/nats/nats-link.js";
import { TaskQueue } from "../../src/nats/task-queue.js";

const TASK = { namespace: "default", queue: "q", tool: "pay", runId: "run_1", callId: "t1c1", attempt: 1 };

/** A work queue with one hint of the task at a sequence, of a consumer that has done with all up to another one. */
function queueWith({ hint, done }: { readonly hint: number; readonly done: number }) {
  const held = new Set([hint]);
  const deleted: number[] = [];
  const traced: (string | undefined)[] = [];
  const client = {
    publish: async (_subject: string, _hint: Uint8Array, options: Partial<JetStreamPublishOptions>) => {
      if (held.size > 0) throw taken();
      traced.push(options.headers?.get("traceparent"));
      held.add(99);
      return { seq: 99 };
    },
  };
  const manager = {
    streams: {
      getMessage: async () => ({ seq: [...held][0] }),
      deleteMessage: async (_stream: string, seq: number) => {
        deleted.push(seq);
        return held.delete(seq);
      },
    },
    consumers: { info: async () => ({ ack_floor: { stream_seq: done } }) },
  };
  const queue = new TaskQueue(
    { demand: () => undefined } as unknown as NatsLink,
    client as unknown as JetStreamClient,
    manager as unknown as JetStreamManager,
    async () => undefined,
    createLogger("test", "silent"),
  );
  return { queue, deleted, traced };
}

/** As the server refuses a second hint of one subject. */
function taken(): NatsError {
  const error = new NatsError("maximum messages per subject exceeded", "503");
  error.api_error = { code: 503, err_code: 10077, description: "maximum messages per subject exceeded" };
  return error;
}

it("puts a hint there anew that its consumer has done with, and that keeps others out", async () => {
  const { queue, deleted } = queueWith({ hint: 3, done: 20 });
  expect(await queue.announce(TASK, "orc_1")).toBe("announced");
  expect(deleted).toEqual([3]);
});

it("leaves one that is still to be given to a worker", async () => {
  const { queue, deleted } = queueWith({ hint: 21, done: 20 });
  expect(await queue.announce(TASK, "orc_1")).toBe("already_there");
  expect(deleted).toEqual([]);
});

it("tells with a hint which trace its task is in, where somebody traces it", async () => {
  const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  new NodeTracerProvider().register();
  onTestFinished(() => {
    trace.disable();
    context.disable();
  });
  for (const [parent, told] of [
    [traceparent, traceparent],
    [undefined, undefined],
  ]) {
    const { queue, traced } = queueWith({ hint: 3, done: 20 });
    expect(await under(parent, () => queue.announce(TASK, "orc_1"))).toBe("announced");
    expect(traced).toEqual([told]);
  }
});
