// The worker without an SDK, in the whole stack.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Stack, until } from "@agentspan/e2e";
import { Agent, type AgentHandle, tool } from "@agentspan/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testPython } from "../../../python/test/environment.js";

const WORKER = fileURLToPath(new URL("../../worker.py", import.meta.url));
const REFUND = { order_id: "ORD-8821", amount: 29.99 };

const agent = new Agent({
  name: "plain",
  model: "script/plain",
  tools: [
    tool(() => undefined, {
      name: "process_refund",
      description: "Issue a refund.",
      inputSchema: { type: "object" },
      approvalRequired: true,
    }),
  ],
});

it("has sixty lines", () => {
  const [, , ...code] = readFileSync(WORKER, "utf8").split('"""');
  expect(
    code
      .join("")
      .split("\n")
      .filter((line) => line.trim() !== "").length,
  ).toBeLessThanOrEqual(60);
});

const found = await testPython();

describe.skipIf("missing" in found)("the worker without an SDK", () => {
  let stack: Stack;
  let worker: ChildProcess;
  let said = "";

  function startWorker(): void {
    if ("missing" in found) throw new Error(found.missing);
    worker = spawn(join(found.bin, "python"), [WORKER, "plain"], {
      env: { PATH: process.env.PATH, AGENTSPAN_NATS_URL: stack.servers.natsUrl },
    });
    for (const stream of [worker.stdout, worker.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        said += text;
      });
    }
  }

  beforeAll(async () => {
    stack = await Stack.start({ workers: 0, signed: true });
    startWorker();
  });
  afterAll(async () => {
    worker.kill("SIGKILL");
    await stack.stop();
  });

  async function waiting(name: string): Promise<{ readonly handle: AgentHandle; told(): readonly string[] }> {
    const steps = [{ calls: [{ tool: "process_refund", args: { ...REFUND, order_id: name } }] }, { text: "ok" }];
    const input = stack.model.script(name, steps);
    const handle = await stack.runtime().start(agent, input, { serve: false });
    await until("it waits for a person", async () => (await handle.getStatus()).isWaiting);
    return { handle, told: () => stack.model.told(input) };
  }

  const refunds = (name: string) => said.split("\n").filter((line) => line.includes(`of ${name}`));

  it("refunds once what was approved, and its result goes to the model", async () => {
    const { handle, told } = await waiting("approved");
    expect(refunds("approved")).toEqual([]);
    await handle.approve();
    expect((await handle.result()).state).toBe("COMPLETED");
    expect(refunds("approved")).toEqual(["Refunding 29.99 of approved"]);
    expect(told().join()).toContain('"refunded": true');
  });

  it("does nothing where a person said no", async () => {
    const { handle } = await waiting("rejected");
    await handle.reject("too much");
    expect((await handle.result()).state).toBe("COMPLETED");
    expect(refunds("rejected")).toEqual([]);
  });

  it("tells a failure in its words", async () => {
    const input = stack.model.script("odd", [
      { calls: [{ tool: "process_refund", args: { order: "ORD-1" } }] },
      { text: "ok" },
    ]);
    const handle = await stack.runtime().start(agent, input, { serve: false });
    await until("it waits for a person", async () => (await handle.getStatus()).isWaiting);
    await handle.approve();
    expect((await handle.result()).state).toBe("COMPLETED");
    expect(stack.model.told(input).join()).toContain("unexpected keyword argument");
  });

  it("goes on when NATS was gone and is back", async () => {
    const { handle } = await waiting("later");
    await stack.restart("NATS");
    await handle.approve();
    expect((await handle.result()).state).toBe("COMPLETED");
    expect(refunds("later")).toHaveLength(1);
  });

  it("is followed by another of its kind when it was killed", async () => {
    const { handle } = await waiting("killed");
    worker.kill("SIGKILL");
    await once(worker, "exit");
    startWorker();
    await handle.approve();
    expect((await handle.result()).state).toBe("COMPLETED");
    expect(refunds("killed")).toHaveLength(1);
  });
});
