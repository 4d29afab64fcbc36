// The example worker in the whole stack, started as a person starts it, with credentials of its own: runs that a TypeScript
// program starts go through it.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { credentialsFile, Stack, until } from "@agentspan/e2e";
import { TRUSTED_KEYS_FILE } from "@agentspan/internal";
import { Agent, tool } from "@agentspan/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { JAVA_HOME, mavenRun } from "../maven-run.js";

const EXAMPLES = join(JAVA_HOME, "examples", "target", "examples.jar");
const SHORT_LIVED = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"] as const;
const QUEUE = "refund_agent";
/** Who may serve what. */
const WORKERS = [
  { id: "orders-1", queue: QUEUE, tools: ["get_order", "get_customer"] },
  { id: "refunds-1", queue: QUEUE, tools: ["process_refund"] },
] as const;
const REFUND = { order_id: "ORD-8821", amount: 29.99 };

function defined(name: string, approvalRequired = false) {
  const inputSchema = { type: "object" };
  return tool(() => undefined, { name, description: name, inputSchema, approvalRequired });
}

const agent = new Agent({
  name: QUEUE,
  model: "script/refund",
  tools: [defined("get_order"), defined("get_customer"), defined("process_refund", true)],
});

interface Program {
  readonly child: ChildProcess;
  /** Its code and its signal. */
  readonly exited: Promise<unknown[]>;
  /** Both of its streams. */
  said(): string;
}

const made = await mavenRun();

describe.skipIf("missing" in made)("the example worker in Java", () => {
  let stack: Stack;
  let ledger: string;
  const programs: Program[] = [];

  function start(args: readonly string[], env: Readonly<Record<string, string>>): Program {
    if ("missing" in made) throw new Error(made.missing);
    const child = spawn(made.java, [...SHORT_LIVED, ...args], { env: { PATH: process.env.PATH, ...env } });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        said += text;
      });
    }
    const program = { child, exited: once(child, "exit"), said: () => said };
    programs.push(program);
    return program;
  }

  const worker = (id: string, ...tools: readonly string[]) =>
    start(["-jar", EXAMPLES, ...tools], {
      AGENTSPAN_NATS_URL: stack.servers.natsUrl,
      AGENTSPAN_TRUSTED_KEYS_FILE: join(stack.keysFolder, TRUSTED_KEYS_FILE),
      AGENTSPAN_WORKER_CREDENTIALS_FILE: credentialsFile(stack.keysFolder, id),
      REFUND_LEDGER: ledger,
    });

  beforeAll(async () => {
    stack = await Stack.start({ workers: 0, signed: true, permits: WORKERS });
    ledger = join(stack.folder, "refunds.jsonl");
    for (const { id, tools } of WORKERS) worker(id, ...tools);
  });
  afterAll(async () => {
    for (const { child } of programs) child.kill("SIGKILL");
    await stack.stop();
  });

  it("refunds once what a person let it, in a run that TypeScript started", async () => {
    const input = stack.model.script("an order", [
      { calls: [{ tool: "get_order", args: { order_id: REFUND.order_id } }] },
      { calls: [{ tool: "get_customer", args: { customer_id: "cust_001" } }] },
      { calls: [{ tool: "process_refund", args: REFUND }] },
      { text: "Refunded." },
    ]);
    const handle = await stack.runtime().start(agent, input, { serve: false });
    await until("it waits for a person", async () => (await handle.getStatus()).isWaiting);
    expect(existsSync(ledger)).toBe(false);
    // By the typed client.
    const url = { AGENTSPAN_SERVER_URL: stack.gateway().url };
    const approving = start(["-cp", EXAMPLES, "dev.agentspan.examples.Approve", handle.runId], url);
    expect(await approving.exited, approving.said()).toEqual([0, null]);
    expect(approving.said()).toBe(`Approved process_refund {"amount":29.99,"order_id":"ORD-8821"}\n`);
    expect((await handle.result()).state).toBe("COMPLETED");
    expect(stack.model.told(input).map((told) => JSON.parse(told))).toEqual([
      { ...REFUND, status: "delivered" },
      { customer_id: "cust_001", name: "Alex", email: "alex@example.com" },
      { ...REFUND, refunded: true },
    ]);
    const lines = readFileSync(ledger, "utf8").trim().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual([{ key: expect.stringContaining(handle.runId), ...REFUND }]);
  });

  it("says that the program that approves needs a run", async () => {
    const { exited, said } = start(["-cp", EXAMPLES, "dev.agentspan.examples.Approve"], {});
    expect(await exited, said()).toEqual([2, null]);
    expect(said()).toBe("It needs the id of the run, and nothing else.\n");
  });

  it("goes on when NATS was gone and is back", async () => {
    const input = stack.model.script("later", [{ calls: [{ tool: "process_refund", args: REFUND }] }, { text: "ok" }]);
    const handle = await stack.runtime().start(agent, input, { serve: false });
    await until("it waits for a person", async () => (await handle.getStatus()).isWaiting);
    await stack.restart("NATS");
    await handle.approve();
    expect((await handle.result()).state).toBe("COMPLETED");
    expect(
      readFileSync(ledger, "utf8")
        .split("\n")
        .filter((line) => line.includes(handle.runId)),
    ).toHaveLength(1);
  });

  it("is not let in with more tools than it was permitted", async () => {
    const { exited, said } = worker("orders-1", "get_order", "process_refund");
    expect(await exited, said()).toEqual([1, null]);
    expect(said()).toContain("PERMISSION_DENIED");
    expect(said()).toContain("process_refund");
  });

  it("ends when it is asked to", async () => {
    for (const { child, exited, said } of programs.slice(0, WORKERS.length)) {
      child.kill("SIGTERM");
      // As Java ends that a signal asked to.
      expect(await exited, said()).toEqual([143, null]);
    }
  });
});
