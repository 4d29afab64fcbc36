// The commands about agents and workers, against a server on this machine and a worker beside it.
import { Agent, AgentRuntime, tool } from "@agentspan/sdk";
import { eventually } from "@agentspan/servers/eventually";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { Machine, type ServerCommand } from "./command.js";

let machine: Machine;
let server: ServerCommand;
let runtime: AgentRuntime;
beforeAll(async () => {
  machine = new Machine();
  server = await machine.server();
});
afterAll(async () => {
  await runtime?.shutdown();
  await machine.close();
});

const ask = (...args: string[]) => machine.ask(...args, "--url", server.url);

function shop(instructions: string) {
  const pay = tool(async () => ({ ok: true }), {
    name: "pay",
    description: "Pays.",
    inputSchema: z.object({ id: z.string() }),
    approvalRequired: true,
  });
  return new Agent({ name: "shop", model: "demo/refund", instructions, tools: [pay] });
}

describe("agents and workers at the command line", () => {
  it("are told of where there are none, and refused by a name that nobody stored", async () => {
    const [agents, workers, nobody] = await Promise.all([
      ask("agents", "list"),
      ask("workers", "list"),
      ask("agents", "show", "nobody"),
    ]);
    expect(agents).toMatchObject({ code: 0, shown: expect.stringContaining("No agents are stored") });
    expect(workers).toMatchObject({ code: 0, shown: expect.stringContaining("No worker has shown life") });
    expect(nobody).toMatchObject({
      code: 1,
      shown: expect.stringContaining("Those that there are:\n  agentspan agents list\n"),
    });
  });

  it("are listed with who serves what, and shown with their versions", async () => {
    runtime = new AgentRuntime({ url: server.url, natsUrl: server.natsUrl });
    await runtime.start(shop("Be brief."), "x", { serve: false });
    // Each look serves for a moment: that of the test before may be the answer.
    await eventually(async () => {
      expect((await ask("workers", "list")).shown).toMatch(/^Nobody serves shop\/pay, a tool of shop/m);
    });
    await runtime.start(shop("Be kind.\nAnd\u202e brief."), "x");
    await eventually(async () => {
      const { shown } = await ask("workers", "list");
      expect(shown).toMatch(/^\S+ +live +typescript \S+ +\d{4}-\S+ \S+ +\d+ +shop\/pay$/m);
      expect(shown).not.toContain("Nobody serves");
    });
    const [listed, shown, json] = await Promise.all([
      ask("agents", "list"),
      ask("agents", "show", "shop"),
      ask("agents", "show", "shop", "--json"),
    ]);
    expect(listed.shown).toMatch(/^shop +[0-9a-f]{12} +\d{4}-/m);
    expect(shown.shown).toContain("  And\\u202e brief.\n");
    expect(shown.shown).toMatch(/^pay +queue shop +approves each call +Pays\.$/m);
    const { agent, version, versions } = JSON.parse(json.shown) as {
      readonly agent: { readonly instructions: string };
      readonly version: string;
      readonly versions: readonly { readonly version: string }[];
    };
    expect(agent.instructions).toBe("Be kind.\nAnd\u202e brief.");
    expect(versions.map((one) => one.version)).toContain(version);
    const [older = ""] = versions.map((one) => one.version).filter((one) => one !== version);
    const before = await ask("agents", "show", "shop", older.slice(0, 8));
    expect(before.shown).toContain("  Be brief.\n");
    const several = await ask("agents", "show", "shop", "");
    expect(several).toMatchObject({ code: 2, shown: expect.stringContaining("2 versions of shop begin with") });
    expect(await ask("agents", "show", "shop", "zz")).toEqual({
      code: 1,
      shown: "Agent shop has no version zz. Those that it has:\n  agentspan agents show shop\n",
    });
    const tools = JSON.parse((await ask("workers", "list", "--json")).shown) as object;
    expect(tools).toMatchObject({
      workers: [
        {
          ...{ live: true, language: "typescript", tasksInHand: 0, problem: "" },
          tools: [{ queue: "shop", name: "pay", approvalRequired: true, once: false }],
        },
      ],
      tools: [{ queue: "shop", name: "pay", workerProcesses: 1, agentNames: ["shop"], waitingTasks: 0 }],
    });
  });
});
