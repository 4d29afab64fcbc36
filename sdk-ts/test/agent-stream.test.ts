import { EventSchema, RunService } from "@agentspan/proto";
import { create, type MessageShape } from "@bufbuild/protobuf";
import { beforeEach, describe, expect, it } from "vitest";
import type { AgentHandle } from "../src/agent-handle.js";
import { eventFeed } from "../src/event-feed.js";
import { RunClient } from "../src/rpc/run-client.js";
import type { RpcTransport } from "../src/rpc/transport.js";
import type { RunEvent } from "../src/run-event.js";
import { MemoryRunService } from "./memory-run-service.js";
import { startedRun } from "./started-run.js";

let service: MemoryRunService;
let handle: AgentHandle;

beforeEach(async () => {
  service = new MemoryRunService();
  handle = await startedRun(service);
});

function callTool(name: string): void {
  const argumentsJson = '{"order_id":"ORD-8821"}';
  service.append(handle.runId, { case: "toolCall", value: { callId: "call_1", toolName: name, argumentsJson } });
}

describe("a stream", () => {
  it("gives history, then live events, each once and in order, and ends after the terminal one", async () => {
    callTool("get_order");
    const seen: RunEvent[] = [];
    for await (const event of handle.stream()) {
      seen.push(event);
      if (event.type === "tool_call") service.done(handle.runId, "Refunded.");
    }
    expect(seen.map(({ type, sequence }) => [type, sequence])).toEqual([
      ["run_started", 1],
      ["tool_call", 2],
      ["done", 3],
    ]);
    expect(seen[1]).toMatchObject({
      toolName: "get_order",
      args: { order_id: "ORD-8821" },
      argumentsJson: '{"order_id":"ORD-8821"}',
    });
    expect(seen[2]).toMatchObject({ output: { result: "Refunded.", finishReason: "STOP" } });
    expect(service.openStreams).toBe(0);
  });

  it("goes on after the last event when the connection breaks", async () => {
    const seen: number[] = [];
    for await (const event of handle.stream()) {
      seen.push(event.sequence);
      if (event.sequence <= 3) {
        service.cut();
        callTool("get_order");
      } else if (event.sequence === 4) service.done(handle.runId, "x");
    }
    expect(seen).toEqual([1, 2, 3, 4, 5]);
    const resumed = service.calls.filter(({ method }) => method === "streamEvents").map(({ request }) => request.after);
    expect(resumed).toEqual([0, 1, 2, 3]);
  });

  it("begins after a given sequence, and ends at once where nothing more will come", async () => {
    callTool("get_order");
    service.done(handle.runId, "x");
    const rest = async (after: number) => {
      const types: string[] = [];
      for await (const event of handle.stream({ after })) types.push(event.type);
      return types;
    };
    expect(await rest(1)).toEqual(["tool_call", "done"]);
    expect(await rest(3)).toEqual([]);
  });

  it("releases the connection when a loop breaks, and a later loop goes on after it", async () => {
    callTool("get_order");
    const stream = handle.stream();
    for await (const event of stream) if (event.type === "run_started") break;
    await service.until(() => (service.openStreams === 0 ? true : undefined));
    service.done(handle.runId, "x");
    const rest: number[] = [];
    for await (const event of stream) rest.push(event.sequence);
    expect(rest).toEqual([2, 3]);
  });

  it("approves what the last waiting event showed", async () => {
    const opened = service.wait(handle.runId, "apr_1");
    const stream = handle.stream();
    for await (const event of stream) {
      if (event.type === "waiting") {
        expect(event).toMatchObject({ approvalId: "apr_1", kind: "APPROVAL", toolName: "process_refund" });
        service.wait(handle.runId, "apr_2");
        await stream.approve();
        break;
      }
    }
    expect(service.requests("approve")).toMatchObject([
      { approvalId: "apr_1", argumentsDigest: opened.argumentsDigest },
    ]);
    expect(service.requests("getStatus")).toHaveLength(0);
    await stream.reject("no");
    expect(service.requests("reject")).toMatchObject([{ approvalId: "apr_2" }]);
  });

  it("gives the result, also after a loop that has seen the end", async () => {
    const stream = handle.stream();
    const early = stream.getResult();
    service.done(handle.runId, "Refunded.");
    for await (const _ of stream);
    expect((await early).output.result).toBe("Refunded.");
    expect((await stream.getResult()).output).toEqual({ result: "Refunded.", finishReason: "STOP" });
  });

  it("ends with its signal's reason while it waits", async () => {
    const stop = new AbortController();
    const iterator = handle.stream({ after: 1, signal: stop.signal })[Symbol.asyncIterator]();
    const next = iterator.next();
    await service.until(() => (service.openStreams > 0 ? true : undefined));
    stop.abort(new Error("enough"));
    await expect(next).rejects.toThrow("enough");
    await service.until(() => (service.openStreams === 0 ? true : undefined));
  });

  it("passes a refusal on and does not try again", async () => {
    const missing = new (Object.getPrototypeOf(handle).constructor)({
      runId: "run_x",
      runtime: { client: service.client() },
    });
    await expect(missing.stream()[Symbol.asyncIterator]().next()).rejects.toMatchObject({ reason: "RUN_NOT_FOUND" });
    expect(service.calls.filter(({ method }) => method === "streamEvents")).toHaveLength(1);
  });
});

describe("events from a server that repeats and loses some", () => {
  /** A transport whose nth stream gives these sequences; 0 is a delta. */
  function scripted(streams: readonly (readonly (number | "end")[])[], asked: number[]): RpcTransport {
    let n = 0;
    return {
      address: "scripted",
      // The run goes on.
      unary: async (method) => create(method.output),
      stream: (method, request) => {
        asked.push(Number("afterSequence" in request ? request.afterSequence : Number.NaN));
        const left = [...(streams[n++] ?? [])];
        const next = async () => {
          const sequence = left.shift();
          // What is not followed by a break stays open, as a healthy connection does.
          if (sequence === undefined) return new Promise<never>(() => undefined);
          if (sequence === "end") return { done: true as const, value: undefined };
          const kind = sequence === 0 ? "delta" : sequence === 5 ? "done" : "resumed";
          const event = create(EventSchema, { sequence: BigInt(sequence), event: { case: kind, value: {} } });
          const response: unknown = create(RunService.method.streamEvents.output, { event });
          return { done: false as const, value: response as MessageShape<typeof method.output> };
        };
        const iterator = { next, return: async () => ({ done: true as const, value: undefined }) };
        return { [Symbol.asyncIterator]: () => iterator };
      },
      close: () => undefined,
    };
  }

  it("are given once and in order, and deltas as they come", async () => {
    const asked: number[] = [];
    const client = new RunClient(
      scripted(
        [
          [1, 0, 2, 2, 1, 4],
          [3, 3, "end"],
          [4, 0, 5, "end"],
        ],
        asked,
      ),
      { patienceMs: 1_000 },
    );
    const seen: number[] = [];
    const signal = new AbortController().signal;
    for await (const event of eventFeed(client, "run_1", { after: 0, includeDeltas: true, signal }))
      seen.push(event.sequence);
    expect(seen).toEqual([1, 0, 2, 3, 4, 0, 5]);
    expect(asked).toEqual([0, 2, 3]);
  });
});
