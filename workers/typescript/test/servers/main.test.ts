import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { RunningNats } from "@agentspan/servers";
import { afterEach, beforeEach, expect, it } from "vitest";
// The worker's counterpart in the SDK's own tests.
import { FakeOrchestrator } from "../../../../sdk-ts/test/fake-orchestrator.js";
import { startOwnNats } from "../../../../sdk-ts/test/servers/own-nats.js";

const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));

let nats: RunningNats & { stop(): Promise<void> };
let orchestrator: FakeOrchestrator;
let folder: string;

beforeEach(async () => {
  nats = await startOwnNats();
  orchestrator = await FakeOrchestrator.start(nats.url);
  folder = await mkdtemp(join(tmpdir(), "agentspan-refund-"));
});
afterEach(async () => {
  await orchestrator.close();
  await nats.stop();
  await rm(folder, { recursive: true, force: true });
});

function startWorker(): ChildProcess {
  const env = { ...process.env, AGENTSPAN_NATS_URL: nats.url, REFUND_LEDGER: join(folder, "ledger") };
  return spawn(process.execPath, [MAIN], { env, stdio: ["ignore", "inherit", "ignore"] });
}

it("serves the refund agent's tools, writes each refund down once, and stops when asked to", async () => {
  const worker = startWorker();
  const registered = await orchestrator.until(() => orchestrator.of("register")[0]);
  expect(registered.request.tools).toMatchObject([
    { queue: "refund_agent", name: "get_order", approvalRequired: false },
    { queue: "refund_agent", name: "get_customer", approvalRequired: false },
    { queue: "refund_agent", name: "process_refund", approvalRequired: true },
  ]);
  // The outcome's first answer is lost: reporting it again is not refunding again.
  orchestrator.fault = ({ verb }) =>
    verb === "complete" && orchestrator.of("complete").length === 1 ? "lost" : "done";
  const argumentsJson = '{"amount":29.99,"order_id":"ORD-8821"}';
  await orchestrator.announce({ tool: "process_refund", guarded: true, argumentsJson });
  await orchestrator.until(() => (orchestrator.of("complete").length === 2 ? true : undefined));
  const lines = (await readFile(join(folder, "ledger"), "utf8")).trim().split("\n");
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { order_id: "ORD-8821", amount: 29.99, callId: "call_1", attempt: 1, idempotencyKey: "run_1/call_1" },
  ]);
  const exited = once(worker, "exit");
  worker.kill("SIGTERM");
  expect(await exited).toEqual([0, null]);
});
