// The promise of the whole: a run that waits for a person outlives whatever happens to the server.
import { Agent, AgentRuntime } from "@agentspan/sdk";
import { eventually } from "@agentspan/servers/eventually";
import { refundAgent } from "@agentspan/worker-refund";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { Machine, type ServerCommand } from "./command.js";

let machine: Machine;
/** The one that runs; the first test's second server is the second test's first. */
let running: ServerCommand | undefined;
const runtimes: AgentRuntime[] = [];
beforeAll(() => {
  machine = new Machine();
});
afterEach(async () => {
  for (const runtime of runtimes.splice(0)) await runtime.shutdown();
});
afterAll(() => machine.close());

function runtimeOf(server: { readonly url: string; readonly natsUrl: string }): AgentRuntime {
  const runtime = new AgentRuntime({ url: server.url, natsUrl: server.natsUrl, grace: "1s" });
  runtimes.push(runtime);
  return runtime;
}

it.each(["SIGINT", "SIGKILL"] as const)(
  "a run that waits is approved and completes after the server was stopped by %s and started again",
  async (signal) => {
    const first = running ?? (await machine.server());
    const before = runtimeOf(first);
    await before.serve(refundAgent, { blocking: false });
    const agent = new Agent({ name: refundAgent.name, model: "demo/refund", tools: refundAgent.tools });
    const { runId } = await before.start(agent, "Refund ORD-8821 of cust_001");
    await eventually(async () => expect((await before.handle(runId).getStatus()).isWaiting).toBe(true));
    await before.shutdown();
    first.kill(signal);
    await first.exit;

    const second = await machine.server();
    running = second;
    const shown = await machine.ask("runs", "show", runId, "--url", second.url);
    expect(shown.shown).toMatch(/State +WAITING/);
    expect(shown.shown).toMatch(/ {2}amount {4}29\.99\n {2}order_id {2}"ORD-8821"/);
    const approved = await machine.ask("approve", runId, "--comment", "checked", "--url", second.url);
    expect(approved).toMatchObject({ code: 0, shown: expect.stringContaining("Approved.") });

    const after = runtimeOf(second);
    await after.serve(refundAgent, { blocking: false });
    const result = await after.handle(runId).result();
    expect(result.output.result).toContain("your refund of $29.99 for order ORD-8821 has been processed");
  },
);
