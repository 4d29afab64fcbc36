// One test of a person's, carried out by the kit in memory and on the local stack's real processes: the histories are the
// same, but for ids and times; and what was recorded there is replayed as it was.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { AgentRuntime } from "@agentspan/sdk";
import {
  calls,
  historyLines,
  type LocalServer,
  memoryKit,
  normalisedHistory,
  type ReplayReport,
  startLocalServer,
} from "@agentspan/sdk/testing";
import { readHistories } from "@agentspan/sdk/testing/history";
import { replayFile } from "@agentspan/sdk/testing/replay";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SCENARIOS, type Stage } from "../testing/kit-scenarios.js";
import { REFUND, refundAgent, till } from "../testing/refund-agent.js";

const COMMAND = [process.execPath, fileURLToPath(new URL("../../../cli/bin/agentspan.mjs", import.meta.url))];
const IN_MEMORY: Stage = { makeKit: memoryKit, expiresIn: "2s", thinksFor: "100ms" };

describe("on a server of real processes, as in memory", () => {
  let server: LocalServer;
  beforeAll(async () => {
    server = await startLocalServer({ command: COMMAND });
  });
  afterAll(() => server?.stop());
  const folder = mkdtempSync(join(tmpdir(), "kit-histories-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(Object.entries(SCENARIOS))("%s", async (_, scenario) => {
    const onServer = await scenario({ ...IN_MEMORY, makeKit: (options) => server.kit(options) });
    const inMemory = await scenario(IN_MEMORY);
    const histories = (runs: typeof onServer) => runs.map(({ events }) => normalisedHistory(events));
    expect(histories(inMemory)).toEqual(histories(onServer));
    for (const { runId } of onServer) expect(await replayed(runId)).toMatchObject({ same: true, notes: [] });
  });

  /** As it was recorded, by the definitions that it went by. */
  async function replayed(runId: string): Promise<ReplayReport> {
    const runtime = new AgentRuntime({ url: server.url });
    const lines: string[] = [];
    for await (const line of historyLines(runtime, runId)) lines.push(line);
    await runtime.shutdown();
    const file = join(folder, `${runId}.jsonl`);
    writeFileSync(file, lines.join("\n"));
    const definitions = (await readHistories(file)).map(({ head }) => head.definition);
    return replayFile(file, definitions);
  }

  it("refuses to let more real time pass than a test should take", async () => {
    const kit = await server.kit({ model: [] });
    await expect(kit.advance("2d")).rejects.toThrow(/a server's clock is real/);
    await kit.stop();
  });

  it("has one kit at a time, since no request of a model says which one it is for", async () => {
    const kit = await server.kit({ model: [] });
    await expect(server.kit({ model: [] })).rejects.toThrow("The server has a kit already: one at a time.");
    await kit.stop();
    await expect(kit.advance("1s")).rejects.toThrow("The kit was stopped.");
    await (await server.kit({ model: [] })).stop();
  });

  it("says what a run waits for where its patience is at its end", async () => {
    await using kit = await server.kit({ model: [calls("process_refund", REFUND)], patience: "2s" });
    const run = await kit.start(refundAgent(till(), { expiresIn: "1h" }), "Refund", { serve: false });
    await expect(run.result()).rejects.toThrow(
      /^The server took longer than 2 s\. The run waits for a person to decide process_refund {.*}, until 2\d{3}-\S+Z\.$/,
    );
  });
});

it("a server that cannot be started says why", async () => {
  await expect(startLocalServer({ command: ["no-such-command"] })).rejects.toThrow(
    /no-such-command server start could not be started/,
  );
  const broken = startLocalServer({ command: COMMAND, env: { AGENTSPAN_MODEL_PROVIDERS: "[]" } });
  await expect(broken).rejects.toThrow(/server start ended with 1. It wrote:/);
});
