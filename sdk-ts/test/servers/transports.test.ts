import { AgentspanError } from "@agentspan/internal";
import { RunService } from "@agentspan/proto";
import { freePort } from "@agentspan/servers";
import { WireType } from "@bufbuild/protobuf/wire";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AgentHandle } from "../../src/agent-handle.js";
import { connectTransport } from "../../src/rpc/connect-transport.js";
import { grpcTransport } from "../../src/rpc/grpc-transport.js";
import { RunClient } from "../../src/rpc/run-client.js";
import type { RpcTransport } from "../../src/rpc/transport.js";
import { MemoryGateway } from "./memory-gateway.js";

const transports = [
  ["connect", (port: number) => connectTransport(`http://127.0.0.1:${port}`)],
  ["grpc-js", (port: number) => grpcTransport(`grpc://127.0.0.1:${port}`)],
] as const;

describe.each(transports)("over %s", (_, open) => {
  let gateway: MemoryGateway;
  let transport: RpcTransport;
  let client: RunClient;

  beforeEach(async () => {
    gateway = await MemoryGateway.start();
    transport = open(Number(new URL(gateway.url).port));
    client = new RunClient(transport, { patienceMs: 5_000 });
  });
  afterEach(async () => {
    transport.close();
    await gateway.die();
  });

  async function started(): Promise<AgentHandle> {
    const source = { case: "agentName", value: "refund_agent" } as const;
    const { runId } = await client.call(RunService.method.start, { source, input: "x", idempotencyKey: "key_1" });
    return new AgentHandle({ runId, runtime: { client } });
  }

  it("a refusal keeps reason, metadata, fields and the time to wait", async () => {
    const fields = [{ field: "agent.name", description: "too long" }];
    const error = new AgentspanError("INVALID_REQUEST", "Bad.", { metadata: { a: "b" }, fields, retryAfterMs: 1_500 });
    gateway.service.fault = () => ({ kind: "refused", error });
    await expect(started()).rejects.toMatchObject({
      reason: "INVALID_REQUEST",
      code: "INVALID_ARGUMENT",
      message: "Bad.",
      metadata: { a: "b" },
      fields,
      retryAfterMs: 1_500,
    });
    expect(gateway.service.requests("start")).toHaveLength(1);
  });

  it("a call is repeated while the server is unavailable, and only so long", async () => {
    const error = new AgentspanError("STORE_UNAVAILABLE", "away", { retryAfterMs: 20 });
    gateway.service.fault = () =>
      gateway.service.requests("start").length < 3 ? { kind: "lost", error } : { kind: "done" };
    await started();
    expect(gateway.service.requests("start")).toHaveLength(3);
    gateway.service.fault = () => ({ kind: "refused", error });
    const hasty = new RunClient(transport, { patienceMs: 100 });
    await expect(hasty.call(RunService.method.getStatus, { runId: "r" })).rejects.toMatchObject({
      reason: "STORE_UNAVAILABLE",
    });
    expect(gateway.service.requests("getStatus").length).toBeLessThanOrEqual(5);
  });

  it("a server that was never there is told in a sentence with the remedy, within seconds", async () => {
    const nobody = open(await freePort());
    const patient = new RunClient(nobody, { patienceMs: 30_000 });
    await expect(patient.call(RunService.method.getStatus, { runId: "r" })).rejects.toMatchObject({
      reason: "BUS_UNAVAILABLE",
      message: expect.stringMatching(/Is the server running\? Start one with: agentspan server start \(in a clone/),
    });
    nobody.close();
  });

  it("a call goes on over a restart of the server", async () => {
    const handle = await started();
    await gateway.die();
    const status = handle.getStatus();
    await gateway.listen();
    expect((await status).runId).toBe(handle.runId);
  });

  it("a call whose server dies while it works is repeated, and is carried out once", async () => {
    const handle = await started();
    gateway.service.wait(handle.runId, "apr_1");
    gateway.service.fault = ({ method }) => {
      if (method === "approve" && gateway.service.requests("approve").length === 1) {
        void gateway.die().then(() => gateway.listen());
      }
      return { kind: "done" };
    };
    expect(await handle.approve()).toMatchObject({ closed: true, repeated: true });
    expect(gateway.service.requests("approve")).toHaveLength(2);
  });

  it("a stream gives each event once over a restart of the server", async () => {
    const handle = await started();
    const seen: number[] = [];
    for await (const event of handle.stream()) {
      seen.push(event.sequence);
      if (event.sequence === 1) {
        await gateway.die();
        gateway.service.append(handle.runId, { case: "resumed", value: { by: "somebody" } });
        await gateway.listen();
      } else if (event.sequence === 2) gateway.service.done(handle.runId, "x");
    }
    expect(seen).toEqual([1, 2, 3]);
  });

  it("a stream goes on over an event and a field of a newer server", async () => {
    const handle = await started();
    const { service } = gateway;
    // A field that nobody knows: in place of the kind of an event, and beside it.
    const newer = { no: 2005, wireType: WireType.LengthDelimited, data: new Uint8Array([0]) };
    service.append(handle.runId, { case: "resumed", value: {} });
    service.append(handle.runId, { case: undefined }).$unknown = [newer];
    service.append(handle.runId, { case: "done", value: { outputJson: '{"result":"x"}' } }).$unknown = [newer];
    const seen: [number, string][] = [];
    for await (const { sequence, type } of handle.stream()) seen.push([sequence, type]);
    expect(seen.map(([, type]) => type).slice(-3)).toEqual(["resumed", "unknown", "done"]);
    expect(seen.map(([sequence]) => sequence)).toEqual(seen.map((_, at) => at + 1));
    expect((await handle.result()).output).toMatchObject({ result: "x" });
  });

  it("a stream outlasts a server that is away for longer than a call is repeated", async () => {
    const { runId } = await started();
    let back = false;
    let failedCalls = 0;
    const impatient = new RunClient(
      {
        ...transport,
        unary: (...call) =>
          transport.unary(...call).catch(async (error: unknown) => {
            failedCalls++;
            if (failedCalls > 3 && !back) {
              back = true;
              await gateway.listen();
            }
            throw error;
          }),
      },
      { patienceMs: 1 },
    );
    const seen: number[] = [];
    for await (const event of new AgentHandle({ runId, runtime: { client: impatient } }).stream()) {
      seen.push(event.sequence);
      if (event.sequence > 1) continue;
      gateway.service.done(runId, "x");
      await gateway.die();
    }
    expect(seen).toEqual([1, 2]);
    expect(failedCalls).toBeGreaterThan(3);
  });

  it("a runtime that has shut down ends its streams and refuses calls", async () => {
    const handle = await started();
    const waiting = handle.wait();
    await gateway.service.until(() => (gateway.service.openStreams > 0 ? true : undefined));
    client.close();
    await expect(waiting).rejects.toThrow(/has been shut down/);
    await expect(handle.getStatus()).rejects.toThrow(/has been shut down/);
  });

  it("breaking out of a loop ends the call at the server", async () => {
    const handle = await started();
    for await (const _event of handle.stream()) break;
    await gateway.service.until(() => (gateway.service.openStreams === 0 ? true : undefined));
  });

  it("a caller's signal ends a call with its reason", async () => {
    const handle = await started();
    const stop = new AbortController();
    const waiting = handle.wait({ signal: stop.signal });
    await gateway.service.until(() => (gateway.service.openStreams > 0 ? true : undefined));
    stop.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    await expect(handle.getStatus({ signal: stop.signal })).rejects.toThrow("enough");
    await gateway.service.until(() => (gateway.service.openStreams === 0 ? true : undefined));
  });
});
