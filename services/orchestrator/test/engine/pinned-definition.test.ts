// A run keeps the definition that it started with, whatever is deployed under its agent's name while it waits.
import { expect, it } from "vitest";
import { ANY_OBJECT, approves, claim, completes, replies, Scene, start } from "../scenes/scene.js";

const strict = { required: true, votesRequired: 2, approvers: { users: ["ceo"], groups: [] as string[] } };

it("runs that wait while their agent is deployed anew three times finish under their own definition", async () => {
  const scene = new Scene();
  const desk = scene.desk();
  const runs = ["run_1", "run_2", "run_3"];
  const own = await desk.agent();
  for (const runId of runs) await desk.startWith(["refund"], runId);
  for (const number of [1, 2, 3]) {
    // Stricter, without a tool that the runs will call, and with another voice.
    const tools = [{ name: "refund", inputSchemaJson: ANY_OBJECT, description: `version ${number}`, approval: strict }];
    await desk.agent({ name: "desk", model: "script/any", instructions: `Be version ${number}.`, maxTurns: 1, tools });
  }
  // Another process, which has read none of it.
  const next = scene.desk("orc_2");
  for (const runId of runs) {
    const waiting = await next.stored(runId);
    expect(waiting.run.agentVersion).toBe(own.version);
    const { answer } = await next.execute(approves(waiting, "t1c1", "d1"), { runId });
    expect(answer).toMatchObject({ type: "decided", closed: true });
    await next.execute(claim("t1c1", "n1"), { runId });
    await next.execute(completes(await next.stored(runId), "t1c1", "n1"), { runId });
    const agent = await next.agents.agentOf((await next.stored(runId)).run);
    expect([agent.version, agent.instructions]).toEqual([own.version, own.instructions]);
    await next.execute(replies(2, ["look_up"]), { runId });
    await next.execute(claim("t2c1", "n2"), { runId });
    await next.execute(completes(await next.stored(runId), "t2c1", "n2"), { runId });
    const { stored } = await next.execute(replies(3, []), { runId });
    expect(stored.run.phase).toMatchObject({ kind: "ended", end: { state: "COMPLETED" } });
  }
  const { agent: newest } = await next.agents.get("default", "desk");
  await next.execute(start("run_4"), { agent: newest, runId: "run_4" });
  expect((await next.stored("run_4")).run.agentVersion).not.toBe(own.version);
});

it.each<[string, (definition: string) => string]>([
  ["asks for less", (definition) => definition.replace('"required":true', '"required":false')],
  ["has another name", (definition) => definition.replace('"name":"desk"', '"name":"lax"')],
  ["is no definition", () => "{}"],
])("a definition that was changed in the database and %s is not read: its runs wait for it", async (_, change) => {
  const scene = new Scene();
  const stored = await scene.desk().startWith(["refund"]);
  const [key = "", kept] = [...scene.database.agents][0] ?? [];
  if (kept === undefined) throw new Error("No definition is stored.");
  const changed = change(kept.definition);
  expect(changed).not.toBe(kept.definition);
  const { agents, newestAgents } = scene.database;
  agents.set(key, { ...kept, definition: changed });
  newestAgents.set("default/desk", { ...kept, definition: changed });
  const fresh = scene.desk("orc_2");
  const why = {
    reason: "INTERNAL",
    message: expect.stringMatching(/agent desk is not its version .*changed in the database/),
  };
  await expect(fresh.execute(approves(stored, "t1c1", "d1"))).rejects.toMatchObject(why);
  await expect(fresh.agents.get("default", "desk")).rejects.toMatchObject(why);
  expect((await fresh.stored()).version).toBe(stored.version);
  agents.set(key, kept);
  const { answer } = await fresh.execute(approves(stored, "t1c1", "d1"));
  expect(answer).toMatchObject({ type: "decided", closed: true });
});
