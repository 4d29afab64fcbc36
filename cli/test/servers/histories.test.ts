// runs export and runs replay, against a real server and without one.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AgentDefinitionSchema } from "@agentspan/proto";
import { Agent, AgentRuntime, tool } from "@agentspan/sdk";
import { replay } from "@agentspan/sdk/testing";
import { eventually } from "@agentspan/servers/eventually";
import { refundAgent } from "@agentspan/worker-refund";
import { toJson } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { Machine, type ServerCommand } from "./command.js";

const agent = new Agent({ name: "refunds", model: "demo/refund", tools: refundAgent.tools });

let machine: Machine;
let server: ServerCommand;
let runtime: AgentRuntime;
let runId: string;
beforeAll(async () => {
  machine = new Machine();
  server = await machine.server();
  runtime = new AgentRuntime({ url: server.url, natsUrl: server.natsUrl, grace: "1s" });
  const handle = await runtime.start(agent, "Refund ORD-8821 of cust_001");
  runId = handle.runId;
  await eventually(async () => expect((await handle.getStatus()).isWaiting).toBe(true));
});
afterAll(async () => {
  await runtime.shutdown();
  await machine.close();
});

const file = (name: string) => join(machine.folder, name);
const exported = (...args: string[]) => machine.ask("runs", "export", runId, ...args, "--url", server.url);

function written(name: string, of: Agent): string {
  writeFileSync(file(name), JSON.stringify(toJson(AgentDefinitionSchema, of.definition)));
  return file(name);
}

describe("runs export", () => {
  it("refuses a run that has not ended, unless what there is of it is asked for", async () => {
    const refused = await exported("--out", file("early.jsonl"));
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.shown).toContain(`Run ${runId} has not ended: it is WAITING.`);
    expect(refused.shown).toContain(`runs export ${runId} --so-far`);
    expect(existsSync(file("early.jsonl"))).toBe(false);
    expect((await exported("--so-far", "--out", file("early.jsonl"))).shown).toContain(`Wrote ${runId} to `);
    expect(await replay(file("early.jsonl"), agent)).toMatchObject({
      same: true,
      notes: [`Run ${runId} had not ended when it was exported.`],
    });
  });

  it("writes a head and every event, whole or not at all, and replaces nothing", async () => {
    const handle = runtime.handle(runId);
    await handle.approve({ onBehalfOf: "maria" });
    await handle.result();
    const { lastSequence, agentVersion } = await handle.getStatus();
    const { code, shown } = await exported("--out", file("refund.jsonl"));
    expect(code, shown).toBe(0);
    expect(shown).toContain(`Wrote ${runId} to ${file("refund.jsonl")}: ${lastSequence} events.`);
    expect(shown).toContain("look at it before you share it");
    const [head, ...events] = readFileSync(file("refund.jsonl"), "utf8").trimEnd().split("\n");
    expect(JSON.parse(head ?? "")).toMatchObject({
      ...{ format: "agentspan-history", version: 1, runId, agentName: "refunds", agentVersion },
      ...{ events: lastSequence, ended: true, exportedBy: "anonymous" },
      definition: { name: "refunds", model: "demo/refund" },
    });
    expect(events.map((line) => Number(JSON.parse(line).sequence))).toEqual(events.map((_, index) => index + 1));
    expect(events).toHaveLength(lastSequence);
    expect((await exported("--out", file("refund.jsonl"))).shown).toContain("is there already. Name a new file.");
    expect(readdirSync(machine.folder).filter((name) => name.endsWith(".part"))).toEqual([]);
    const { shown: lines } = await exported();
    expect(lines.trimEnd().split("\n").slice(1)).toEqual(events);
  });

  it("says that there is no such run", async () => {
    const { code, shown } = await machine.ask("runs", "export", "run_none", "--url", server.url);
    expect(code).toBe(1);
    expect(shown).toContain("run_none");
  });
});

describe("runs replay", () => {
  const replayed = (...args: string[]) => machine.ask("runs", "replay", file("refund.jsonl"), ...args);
  const ungated = () => {
    const tools = agent.tools.map((one) => {
      if (one.name !== "process_refund") return one;
      const inputSchema = z.object({ order_id: z.string(), amount: z.number() });
      return tool(() => ({}), { name: one.name, description: one.message.description, inputSchema });
    });
    return new Agent({ name: "refunds", model: "demo/refund", tools });
  };

  it("exits with 0 where all goes as it was recorded, without a server", async () => {
    const { code, shown } = await replayed("--agent", written("same.json", agent));
    expect(shown).toMatch(/^As it was recorded: \d+ events of run run_\w+\.\n$/);
    expect(code).toBe(0);
  });

  it("exits with 1 where it goes otherwise, and says where and why", async () => {
    const path = written("ungated.json", ungated());
    const { code, shown } = await replayed("--agent", path);
    expect(code).toBe(1);
    expect(shown).toMatch(/^Run run_\w+ of refunds goes otherwise at event \d+\.\n/);
    expect(shown).toContain("process_refund was approved by maria in the record; today's definition does not ask.");
    const json = await replayed("--agent", path, "--json");
    expect(json.shown).toContain('"same": false');
    // Wherever the option stands.
    const before = await machine.ask("runs", "replay", "--agent", path, file("refund.jsonl"));
    expect(before).toEqual({ code, shown });
  });

  it("takes the definition from standard input", async () => {
    const command = machine.start(process.execPath, [
      ...[join(import.meta.dirname, "../../bin/agentspan.mjs"), "runs", "replay", file("refund.jsonl")],
      ...["--agent", "-"],
    ]);
    command.typeAll(JSON.stringify(toJson(AgentDefinitionSchema, agent.definition)));
    expect(await command.exit, command.shown).toBe(0);
  });

  it("exits with 2 where it cannot be told", async () => {
    writeFileSync(file("bad.json"), '{"name": 1}');
    const other = written("other.json", new Agent({ name: "other", model: "demo/refund" }));
    const tools = [{ name: "t", inputSchemaJson: '{"type":"object"}', approval: { rule: "args.a >" } }];
    writeFileSync(file("rule.json"), JSON.stringify({ name: "refunds", model: "demo/refund", tools }));
    const unruly = await replayed("--agent", file("rule.json"));
    expect(unruly).toMatchObject({ code: 2 });
    expect(unruly.shown).toContain("agent.tools[0].approval.rule is not a rule that can be asked: line 1, character 8");
    const whole = readFileSync(file("refund.jsonl"), "utf8");
    writeFileSync(file("cut.jsonl"), whole.slice(0, whole.length / 2));
    const same = written("same.json", agent);
    expect(await replayed("--agent", other)).toMatchObject({ code: 2 });
    expect(await replayed("--agent", file("bad.json"))).toMatchObject({ code: 2 });
    expect(await replayed("--agent", file("missing.json"))).toMatchObject({ code: 2 });
    expect(await replayed()).toMatchObject({ code: 2 });
    expect(await machine.ask("runs", "replay", file("cut.jsonl"), "--agent", same)).toMatchObject({ code: 2 });
    expect(await machine.ask("runs", "replay", file("no.jsonl"), "--agent", same)).toMatchObject({ code: 2 });
  });
});
