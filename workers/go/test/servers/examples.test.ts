// The examples as processes, in the whole stack, which lets in only workers with a permit.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { credentialsFile, Stack, until } from "@agentspan/e2e";
import { TRUSTED_KEYS_FILE } from "@agentspan/internal";
import { Agent, type AgentHandle } from "@agentspan/sdk";
import { getCustomer, getOrder, processRefund } from "@agentspan/worker-refund";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { goProgram, testGo } from "../environment.js";
import { GoProcess } from "../go-process.js";

const REFUND = { order_id: "ORD-8821", amount: 29.99 };
const LOOK_UP = [
  { calls: [{ tool: "get_order", args: { order_id: "ORD-8821" } }] },
  { calls: [{ tool: "get_customer", args: { customer_id: "cust_001" } }] },
];
const PAY = [{ calls: [{ tool: "process_refund", args: REFUND }] }, { text: "Refunded." }];
const TOOLS = ["get_order", "get_customer", "process_refund"];

const found = await testGo();

describe.skipIf("missing" in found)("an example in Go", () => {
  let stack: Stack;
  const processes: GoProcess[] = [];

  beforeAll(async () => {
    stack = await Stack.start({
      workers: 0,
      signed: true,
      permits: [
        { id: "go-looks", queue: "looked_at", tools: TOOLS },
        { id: "go-pays", queue: "looked_at", tools: TOOLS },
        { id: "go-all", queue: "refund_agent", tools: TOOLS },
        { id: "go-page", queue: "refund_agent", tools: TOOLS },
      ],
    });
  });
  afterEach(({ task }) => {
    const said = processes.splice(0).map((process) => {
      process.kill();
      return process.said;
    });
    if (task.result?.state === "fail") process.stderr.write(`${stack.logs()}\n${said.join("\n")}\n`);
  });
  afterAll(() => stack.stop());

  /** With the credentials of a worker; one that has none is called "nobody". */
  async function start(name: string, workerId: string, ...args: readonly string[]): Promise<GoProcess> {
    const program = await goProgram(`./examples/${name}`);
    if ("missing" in program) throw new Error(program.missing);
    const credentials = credentialsFile(stack.keysFolder, workerId);
    const made = new GoProcess(program.file, args, {
      AGENTSPAN_NATS_URL: stack.servers.natsUrl,
      AGENTSPAN_SERVER_URL: stack.gateway().url,
      AGENTSPAN_TRUSTED_KEYS_FILE: join(stack.keysFolder, TRUSTED_KEYS_FILE),
      ...(workerId === "nobody" ? {} : { AGENTSPAN_WORKER_CREDENTIALS_FILE: credentials }),
      AGENTSPAN_MODEL: "script/refund",
      REFUND_LEDGER: ledger(workerId),
    });
    processes.push(made);
    return made;
  }

  const ledger = (workerId: string) => join(stack.folder, `refunds of ${workerId}`);

  /** A run that TypeScript starts; its tools are served elsewhere. */
  async function run(name: string, steps: Parameters<Stack["model"]["script"]>[1]) {
    const input = stack.model.script(name, steps);
    const agent = new Agent({ name, model: "script/refund", tools: [getOrder, getCustomer, processRefund] });
    const handle = await stack.runtime().start(agent, input, { serve: false });
    return { handle, told: () => stack.model.told(input) };
  }

  const waiting = (handle: AgentHandle) =>
    until("it waits for a person", async () => (await handle.getStatus()).isWaiting);

  it("serves the refund agent, writes each refund down once, and ends when it is told to", async () => {
    const worker = await start("refund", "go-all");
    const { handle, told } = await run("refund_agent", [...LOOK_UP, ...PAY]);
    await waiting(handle);
    expect(told().map((text) => JSON.parse(text) as unknown)).toEqual([
      { order_id: "ORD-8821", amount: 29.99, status: "delivered" },
      { customer_id: "cust_001", name: "Alex", email: "alex@example.com" },
    ]);
    await handle.approve();
    expect((await handle.result()).state).toBe("COMPLETED");
    expect(told().map((text) => JSON.parse(text) as unknown)[2]).toEqual({ refunded: true, ...REFUND });
    await worker.says("Refunded an order");
    expect(await worker.stop()).toBe(0);
    const lines = readFileSync(ledger("go-all"), "utf8").trim().split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { key: expect.stringContaining(handle.runId), ...REFUND },
    ]);
  });

  it("serves the tools that it is told to, and leaves the others to whom they belong", async () => {
    await start("refund", "go-looks", "-queue", "looked_at", "-tools", "get_order,get_customer");
    const { handle } = await run("looked_at", [...LOOK_UP, ...PAY]);
    await waiting(handle);
    await handle.approve();
    await until("nobody serves the refund", async () => {
      return (await handle.getStatus()).blockedOn.includes("process_refund");
    });
    await start("refund", "go-pays", "-queue", "looked_at", "-tools", "process_refund");
    expect((await handle.result()).state).toBe("COMPLETED");
    expect(readFileSync(ledger("go-pays"), "utf8")).toContain(handle.runId);
  });

  it("says why it is not let in without a permit, or with one of other tools", async () => {
    const stranger = await start("refund", "nobody");
    expect(await stranger.exited()).toBe(1);
    expect(stranger.said).toMatch(/did not take this worker: .*shows no permit/);
    const other = await start("refund", "go-looks", "-queue", "refund_agent");
    expect(await other.exited()).toBe(1);
    expect(other.said).toMatch(/did not take this worker: .*does not name tool/);
  });

  it("says which tool it does not have", async () => {
    const worker = await start("refund", "go-pays", "-tools", "refund");
    expect(await worker.exited()).toBe(1);
    expect(worker.said).toContain('there is no tool "refund"');
  });

  it("serves tools, and starts a run and decides, as the first page shows", async () => {
    const input = "Customer Alex wants a refund on order ORD-8821";
    // The program says it, and not the script.
    stack.model.say(input, [LOOK_UP[0] ?? { text: "" }, ...PAY]);
    await start("serve", "go-page");
    const asking = await start("start", "go-page");
    await asking.says("Approve? (y, or why not): ");
    expect(asking.said).toMatch(/run_\w+ wants process_refund \{"amount":29\.99,"order_id":"ORD-8821"\}/);
    asking.tell("y");
    expect(await asking.exited()).toBe(0);
    expect(asking.said).toContain("Refunded.");
  });
});
