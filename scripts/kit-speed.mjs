#!/usr/bin/env node
// How long kit tests take: each makes a kit in memory, starts a run, lets it wait for its approval, approves, and looks at
// the result. Measured twice: in a plain loop, and as so many tests of one file under Vitest. docs/measured/kit.md has
// the figures.
//   node scripts/kit-speed.mjs [tests]
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const tests = Number(process.argv[2] ?? 1_000);

const AGENT = `
import { Agent, tool } from "@agentspan/sdk";
import { approve, calls, expectRun, memoryKit, says } from "@agentspan/sdk/testing";
import { z } from "zod";

const refund = { order_id: "ORD-8821", amount: 29.99 };
const processRefund = tool((args) => ({ refunded: true, ...args }), {
  name: "process_refund",
  description: "Issue a refund. Requires approval.",
  inputSchema: z.object({ order_id: z.string(), amount: z.number() }),
  approvalRequired: true,
});
const agent = new Agent({ name: "refund_agent", model: "openai/gpt-4o-mini", tools: [processRefund] });

async function refundTest() {
  const kit = await memoryKit({
    model: [calls("process_refund", refund), says("Refunded.")],
    decisions: { process_refund: approve() },
  });
  expectRun(await kit.run(agent, "Refund ORD-8821")).completed().approved("process_refund").usedTool("process_refund", refund);
  await kit.stop();
}
`;

const LOOP = `${AGENT}
const [cpu, begun] = [process.cpuUsage(), performance.now()];
for (let i = 0; i < ${tests}; i += 1) await refundTest();
const { user, system } = process.cpuUsage(cpu);
console.log(JSON.stringify({ ms: performance.now() - begun, cpuMs: (user + system) / 1e3 }));
`;

const FILE = `${AGENT}
import { it } from "vitest";
for (let i = 1; i <= ${tests}; i += 1) it("refund " + i, refundTest);
`;

function run(args) {
  const begun = performance.now();
  const child = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8", maxBuffer: 2 ** 28 });
  if (child.status !== 0) throw new Error(`${args.join(" ")} failed:\n${child.stdout}${child.stderr}`);
  return { stdout: child.stdout, ms: performance.now() - begun };
}

const seconds = (ms) => `${(ms / 1_000).toFixed(1)} s`;

const folder = mkdtempSync(join(tmpdir(), "kit-speed-"));
try {
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  writeFileSync(join(folder, "loop.mjs"), LOOP);
  writeFileSync(join(folder, "kit.test.mjs"), FILE);
  console.log(
    `${tests} tests, Node ${process.version}, ${cpus().length} cores, load average ${loadavg()[0].toFixed(1)}`,
  );
  const loop = run(["loop.mjs"]);
  const { ms, cpuMs } = JSON.parse(loop.stdout);
  console.log(
    `a plain loop: ${seconds(ms)}, ${(ms / tests).toFixed(1)} ms and ${(cpuMs / tests).toFixed(1)} ms of CPU a test`,
  );
  console.log(`  with the start of the process: ${seconds(loop.ms)}`);
  const vitest = run(["node_modules/vitest/vitest.mjs", "run", "--reporter=json"]);
  const report = JSON.parse(vitest.stdout);
  if (report.numPassedTests !== tests) throw new Error(`${report.numPassedTests} of ${tests} tests passed`);
  const [{ startTime, endTime }] = report.testResults;
  console.log(
    `one file under Vitest: ${seconds(endTime - startTime)}, ${((endTime - startTime) / tests).toFixed(1)} ms a test`,
  );
  console.log(`  with the start of Vitest: ${seconds(vitest.ms)}`);
} finally {
  rmSync(folder, { recursive: true });
}
