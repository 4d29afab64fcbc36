import { AgentspanError } from "@agentspan/internal";
import { describe, expect, it } from "vitest";
import { openGuard } from "../src/auth/guard.js";
import { ANONYMOUS, type Context } from "../src/context.js";
import { GatewayMetrics } from "../src/gateway-metrics.js";
import { metered, meteredGuard } from "../src/meter.js";
import type { Method } from "../src/method.js";

const desc = { name: "GetStatus", parent: { typeName: "agentspan.v1.RunService" } };

function contextWith(signal = new AbortController().signal): Context {
  return { signal, address: "", header: () => undefined, caller: ANONYMOUS, namespace: "default" };
}

function unary(handle: () => Promise<unknown>): Method {
  return { kind: "unary", desc, handle } as unknown as Method;
}

async function figures(metrics: GatewayMetrics): Promise<readonly string[]> {
  const text = await metrics.registry.metrics();
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

async function callOf(method: Method): Promise<void> {
  if (method.kind === "unary") await method.handle({ $typeName: "x" }, contextWith()).catch(() => undefined);
}

describe("the figures of a gateway", () => {
  it("count calls by what they were answered", async () => {
    const metrics = new GatewayMetrics();
    await callOf(
      metered(
        unary(async () => ({})),
        metrics,
      ),
    );
    await callOf(
      metered(
        unary(() => Promise.reject(new AgentspanError("RUN_NOT_FOUND", "no"))),
        metrics,
      ),
    );
    await callOf(
      metered(
        unary(() => Promise.reject(new Error("a fault"))),
        metrics,
      ),
    );
    const counts = (await figures(metrics)).filter((line) => line.includes("_count"));
    expect(counts).toEqual(
      ["OK", "NOT_FOUND", "INTERNAL"].map(
        (code) =>
          `agentspan_gateway_call_duration_seconds_count{method="agentspan.v1.RunService/GetStatus",code="${code}"} 1`,
      ),
    );
  });

  it("count a stream while it is open, also where its client dies while it is written to", async () => {
    const metrics = new GatewayMetrics();
    const gone = new AbortController();
    async function* messages() {
      for (;;) yield { $typeName: "x" };
    }
    const method = metered({ kind: "server_streaming", desc, handle: messages } as unknown as Method, metrics);
    if (method.kind !== "server_streaming") throw new Error("It became another.");
    const open = async () => (await figures(metrics)).filter((line) => line.includes("streams"));
    const [one, other] = [contextWith(gone.signal), contextWith()].map((context) =>
      method.handle({ $typeName: "x" }, context)[Symbol.asyncIterator](),
    );
    await Promise.all([one?.next(), other?.next()]);
    const name = 'agentspan_gateway_streams{method="agentspan.v1.RunService/GetStatus"}';
    expect(await open()).toEqual([`${name} 2`]);
    gone.abort();
    expect(await open()).toEqual([`${name} 1`]);
    await Promise.all([one?.return?.(), other?.return?.()]);
    expect(await open()).toEqual([`${name} 0`]);
  });

  it("count who is not admitted", async () => {
    const metrics = new GatewayMetrics();
    const guard = meteredGuard(openGuard(), metrics);
    expect(guard.refusal({ authority: "127.0.0.1:6767", origin: undefined })).toBeUndefined();
    const refusal = guard.refusal({ authority: "127.0.0.1:6767", origin: "https://elsewhere.test" });
    expect((await figures(metrics)).filter((line) => line.includes("refused"))).toEqual([
      `agentspan_gateway_refused_calls_total{reason="${refusal?.reason}"} 1`,
    ]);
  });
});
