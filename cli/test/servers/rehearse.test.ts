// runs rehearse, against a real server.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Agent, AgentRuntime } from "@agentspan/sdk";
import { eventually } from "@agentspan/servers/eventually";
import { refundAgent } from "@agentspan/worker-refund";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Machine } from "./command.js";

const agent = new Agent({ name: "refunds", model: "demo/refund", tools: refundAgent.tools });

let machine: Machine;
let url: string;
let runtime: AgentRuntime;
let rejected: string;

/** A run that waits for somebody to approve a refund. */
async function waitingRun() {
  const handle = await runtime.start(agent, "Refund ORD-8821 of cust_001");
  await eventually(async () => expect((await handle.getStatus()).isWaiting).toBe(true));
  return handle;
}

beforeAll(async () => {
  machine = new Machine();
  const server = await machine.server();
  url = server.url;
  runtime = new AgentRuntime({ url, natsUrl: server.natsUrl, grace: "1s" });
  const first = await waitingRun();
  await first.approve({ onBehalfOf: "maria" });
  const second = await waitingRun();
  rejected = second.runId;
  await second.reject("not delivered yet", { onBehalfOf: "noah" });
  await Promise.all([first.result(), second.result()]);
});
afterAll(async () => {
  await runtime.shutdown();
  await machine.close();
});

function rehearsed(policy: string, ...args: string[]) {
  const file = join(machine.folder, "policy.json");
  writeFileSync(file, policy);
  return machine.ask("runs", "rehearse", "--policy", file, "--url", url, ...args);
}

const REFUND = ["--tool", "process_refund"] as const;

describe("runs rehearse", () => {
  it("counts what a policy would have let run, and lists what people had rejected of it", async () => {
    const { code, shown } = await rehearsed('{"rule":"args.amount > 1000"}', ...REFUND, "--agent", "refunds");
    expect(code, shown).toBe(0);
    expect(shown).toContain("2 calls of process_refund in 2 runs, of refunds.");
    expect(shown).toMatch(/people were asked +2 +2 +0\n/);
    expect(shown).toMatch(/that would run unasked: 1 approved, 1 rejected, /);
    expect(shown).toMatch(
      new RegExp(`${rejected} +t\\dc\\d +\\S+ \\S+ +rejected +noah +amount=29.99 +sha256:\\w{12} +not delivered yet\n`),
    );
    expect(shown).toContain("may ask for people in its worker's registration");
  });

  it("gives JSON to programs, without the arguments", async () => {
    const { shown } = await rehearsed(
      '{"name":"process_refund","approval":{"required":true,"votesRequired":3}}',
      "--json",
    );
    expect(JSON.parse(shown)).toMatchObject({
      ...{ tool: "process_refund", runs: 2, calls: 2, letThrough: [] },
      votes: { before: 2, now: 6, more: 4 },
    });
    const { shown: open } = await rehearsed("false", ...REFUND, "--json");
    expect(JSON.parse(open)).toMatchObject({ letThrough: [{ runId: rejected, by: "noah", numbers: "amount=29.99" }] });
    expect(open).not.toContain("ORD-8821");
  });

  it("fails where there is nothing to rehearse on, and says what there is", async () => {
    const other = await rehearsed("true", "--tool", "pay_out");
    expect(other.code).toBe(1);
    expect(other.shown).toContain("Nothing was rehearsed: no call of pay_out was found in 2 runs. Called were: ");
    expect(other.shown).toContain("process_refund (2)");
    const none = await rehearsed("true", ...REFUND, "--agent", "nobody");
    expect(none.shown).toContain("for there is no such run.");
    expect((await rehearsed("true", ...REFUND, "--since", "2999-01-01")).code).toBe(1);
  });

  it("is called wrongly with a rule that cannot be asked, and without a tool", async () => {
    const wrong = await rehearsed('{"rule":"args.amount >"}', ...REFUND);
    expect(wrong.code).toBe(2);
    expect(wrong.shown).toContain("approval.rule is not a rule that can be asked: line 1, character 13");
    expect(await rehearsed("true")).toMatchObject({ code: 2 });
  });
});
