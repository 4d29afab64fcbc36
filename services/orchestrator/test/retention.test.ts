// What retention takes away and what it leaves, with a clock that the test moves.
import { createLogger } from "@agentspan/internal";
import { beforeEach, describe, expect, it } from "vitest";
import { History } from "../src/history.js";
import { Retention, type RetentionOptions } from "../src/retention.js";
import { auditorAt, kindsOf, paidRefund, reportOn, SignedScene } from "./audit/audit-desk.js";
import { approves, claim, type Desk, playTurns, replies, start } from "./scenes/scene.js";
import { notifierAt, PAID, paid, WebhookScene } from "./webhooks/webhook-desk.js";

const DAY = 86_400_000;
const KEEP = 30 * DAY;

let scene: SignedScene;
let desk: Desk;
let retention: Retention;

beforeEach(() => {
  scene = new SignedScene();
  desk = scene.desk("orc_1", { room: { moveAboveBytes: 400, mostBytes: 4_000_000 } });
  retention = retentionAt(desk);
});

function retentionAt(
  at: Desk,
  others: () => readonly string[] = () => [],
  its: Partial<RetentionOptions> = {},
): Retention {
  const { store, name } = at;
  const { clock, log } = scene;
  const rest = { keepMs: KEEP, auditor: auditorAt(at), clock, log };
  return new Retention({ store, orchestratorId: name, orchestrators: others, ...rest, ...its });
}

function idsLeft(): readonly string[] {
  return [...scene.database.runs.keys()].sort();
}

async function completed(runId: string): Promise<void> {
  await desk.execute(start(runId), { agent: await desk.agent(), runId });
  await desk.execute(replies(1, []), { runId });
}

describe("a finished run", () => {
  it("is kept for its time, and then goes with all it took", async () => {
    await desk.execute(start("run_long"), { agent: await desk.agent(), runId: "run_long" });
    await playTurns(desk, 3, { runId: "run_long" });
    await desk.execute(replies(4, []), { runId: "run_long" });
    expect(scene.database.chunks.size).toBeGreaterThan(0);
    scene.now += KEEP;
    expect(await retention.look()).toBe(0);
    await completed("run_young");
    scene.now += 1;
    expect(await retention.look()).toBe(1);
    expect(idsLeft()).toEqual(["run_young"]);
    expect([...scene.database.chunks.keys()].filter((id) => id.startsWith("run_long/"))).toEqual([]);
    expect(await desk.engine.read("run_long")).toBeUndefined();
    scene.now += KEEP;
    expect(await retention.look()).toBe(1);
    expect(idsLeft()).toEqual([]);
  });

  it("leaves its audit, whole, also where nobody had written any of it", async () => {
    await paidRefund(desk, "run_1");
    expect(kindsOf(scene.database)).toEqual([]);
    scene.now += KEEP + 1;
    expect(await retention.look()).toBe(1);
    const kinds = kindsOf(scene.database, "run_1");
    expect(kinds).toEqual(expect.arrayContaining(["requested", "decided", "ended"]));
    expect((await reportOn(scene.database)).faults).toEqual([]);
    await auditorAt(desk).look();
    expect(kindsOf(scene.database, "run_1")).toEqual(kinds);
  });

  it("is not begun anew under its id, and says so to whoever starts it again", async () => {
    await completed("run_1");
    scene.now += KEEP + 1;
    await retention.look();
    const agent = await desk.agent();
    for (const at of [scene.desk("orc_2"), desk]) {
      const again = at.execute(start("run_1"), { agent, runId: "run_1" });
      await expect(again).rejects.toMatchObject({ reason: "RUN_NOT_FOUND", message: /was removed/ });
    }
    expect(idsLeft()).toEqual([]);
  });

  it("is gone for whoever reads it at that instant, and not broken", async () => {
    await desk.execute(start("run_1"), { agent: await desk.agent(), runId: "run_1" });
    await playTurns(desk, 3, { runId: "run_1" });
    await desk.execute(replies(4, []), { runId: "run_1" });
    const stored = await desk.stored("run_1");
    scene.now += KEEP + 1;
    await retention.look();
    await expect(new History(desk.store).after(stored, 0)).rejects.toMatchObject({ reason: "RUN_NOT_FOUND" });
  });

  it("stays while a settlement of it is open, and for its time after that", async () => {
    const waiting = await desk.startWith(["refund"], "run_1");
    await desk.execute(approves(waiting, "t1c1", "d1"), { runId: "run_1" });
    await desk.execute(claim("t1c1", "n1"), { runId: "run_1" });
    await desk.execute({ type: "cancel", who: "alex", reason: "enough" }, { runId: "run_1" });
    const lost = { callId: "t1c1", attempt: 1, nonce: "n1", how: "LEASE_ENDED" } as const;
    await desk.execute({ type: "end_claim", ...lost }, { runId: "run_1" });
    const { run } = await desk.stored("run_1");
    expect(run.phase.kind).toBe("ended");
    scene.now += KEEP + 1;
    expect(await retention.look()).toBe(0);
    const given = { verdict: { kind: "settle", outcome: "given_up" } } as const;
    await desk.execute(approves(await desk.stored("run_1"), "t1c1", "s1", given), { runId: "run_1" });
    scene.now += KEEP;
    expect(await retention.look()).toBe(0);
    scene.now += 1;
    expect(await retention.look()).toBe(1);
  });

  it("stays while anything of it is owed, and goes when it is done", async () => {
    await completed("run_1");
    const row = scene.database.runs.get("run_1");
    if (row === undefined) throw new Error("It is there.");
    scene.database.runs.set("run_1", { ...row, wakeAt: scene.now });
    await completed("run_2");
    scene.now += KEEP + 1;
    expect(await retention.look()).toBe(1);
    scene.database.runs.set("run_1", row);
    expect(await retention.look()).toBe(1);
  });

  it("that cannot be read stays, and keeps no other", async () => {
    for (const id of ["run_1", "run_2", "run_3"]) await completed(id);
    const row = scene.database.runs.get("run_2");
    if (row !== undefined) scene.database.runs.set("run_2", { ...row, run: "{" });
    scene.now += KEEP + 1;
    expect(await retention.look()).toBe(2);
    expect(await retention.look()).toBe(0);
    expect(idsLeft()).toEqual(["run_2"]);
  });
});

it("what webhooks are owed of a run is stored before it goes, also where nobody had looked", async () => {
  const owing = new WebhookScene();
  const at = owing.desk();
  const notifier = notifierAt(at, owing);
  owing.webhook();
  await paid(at, "run_1");
  owing.now += DAY + 1;
  const { store, name } = at;
  const rest = { auditor: auditorAt(at), notifier, clock: owing.clock, log: owing.log };
  const daily = new Retention({ store, keepMs: DAY, orchestratorId: name, orchestrators: () => [], ...rest });
  expect(owing.deliveries).toEqual([]);
  expect(await daily.look()).toBe(1);
  expect(owing.deliveries).toHaveLength(PAID.length);
  expect(owing.deliveries.every(({ runId }) => runId === "run_1")).toBe(true);
});

it("runs that wait or are at work stay, however long", async () => {
  await desk.startWith(["refund"], "run_waits");
  await desk.startWith(["look_up"], "run_works");
  await desk.execute({ type: "pause", who: "alex", requestId: "p", reason: "" }, { runId: "run_works" });
  scene.now += 100 * KEEP;
  expect(await retention.look()).toBe(0);
  expect(idsLeft()).toEqual(["run_waits", "run_works"]);
});

it("one of several orchestrators looks", async () => {
  await completed("run_1");
  scene.now += KEEP + 1;
  const names = ["orc_1", "orc_2", "orc_3"];
  const removed = [];
  for (const name of names) removed.push(await retentionAt(scene.desk(name), () => names).look());
  expect(removed.filter((count) => count > 0)).toEqual([1]);
});

it("more than one search finds go in one look, also those of one instant", async () => {
  const agent = await desk.agent();
  for (let at = 0; at < 2_100; at += 1) {
    const runId = `run_${at}`;
    await desk.execute(start(runId), { agent, runId });
    await desk.execute(replies(1, []), { runId });
  }
  scene.now += KEEP + 1;
  expect(await retention.look()).toBe(2_100);
  expect(idsLeft()).toEqual([]);
});

it.each([
  [DAY, "info", "Finished runs are removed after 1d"],
  [DAY - 60_000, "warn", "Finished runs are removed after 1439m"],
])("says at its start what is in force: %i", async (keepMs, level, msg) => {
  const lines: string[] = [];
  const log = createLogger("retention", "info", { write: (line) => void lines.push(line) });
  const told = retentionAt(desk, () => [], { keepMs, log });
  told.start();
  await told.stop();
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([expect.objectContaining({ level, msg })]);
});

it("nothing is removed while the store is away, and all of it afterwards", async () => {
  await completed("run_1");
  scene.now += KEEP + 1;
  desk.store.isAway = true;
  await expect(retention.look()).rejects.toMatchObject({ reason: "STORE_UNAVAILABLE" });
  desk.store.isAway = false;
  expect(await retention.look()).toBe(1);
});
