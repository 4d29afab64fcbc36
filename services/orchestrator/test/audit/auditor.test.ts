// Whether the audit has everything once and in order, whoever dies, and whoever looks after it.
import { describe, expect, it } from "vitest";
import { shareOf } from "../../src/audit/auditor.js";
import type { AuditStore } from "../../src/ports.js";
import { approves, playTurns } from "../scenes/scene.js";
import { auditorAt, kindsOf, PAID, paidRefund, recordsIn, reportOn, SignedScene } from "./audit-desk.js";

const fine = { faults: [], notes: [] };

describe("an auditor", () => {
  it("writes what happened to a run that a person had to do with, and follows it to its end", async () => {
    const scene = new SignedScene();
    const desk = scene.desk();
    const auditor = auditorAt(desk);
    const waiting = await desk.startWith(["refund"], "run_a");
    expect(await auditor.look()).toBe(1);
    await desk.execute(approves(waiting, "t1c1", "d1"), { runId: "run_a" });
    scene.now += 50;
    expect(await auditor.look()).toBe(1);
    expect(await auditor.look()).toBe(0);
    await paidRefund(desk, "run_b");
    expect(await auditor.look()).toBe(5);
    expect(kindsOf(scene.database, "run_a")).toEqual(["requested", "decided"]);
    expect(kindsOf(scene.database, "run_b")).toEqual(PAID);
    expect(await reportOn(scene.database)).toMatchObject({
      ...fine,
      entries: 7,
      signed: 7,
      notes: [/1 run has no end/],
    });
  });

  it("has nothing of a run that no person had to do with", async () => {
    const scene = new SignedScene();
    const desk = scene.desk();
    await desk.startWith(["look_up"], "run_a");
    expect(await auditorAt(desk).look()).toBe(0);
    expect(recordsIn(scene.database)).toEqual([]);
  });

  it("finds a run's events in its history too", async () => {
    const scene = new SignedScene();
    const desk = scene.desk("orc_1", { room: { moveAboveBytes: 2_000, mostBytes: 100_000 } });
    const auditor = auditorAt(desk);
    const waiting = await desk.startWith(["refund"], "run_1");
    await desk.execute(approves(waiting, "t1c1", "d1", { verdict: { kind: "reject" } }));
    await auditor.look();
    await playTurns(desk, 0);
    const { number } = (await desk.stored()).run.turn;
    expect(number).toBe(2);
    await playTurns(desk, 12, { resultBytes: 500 });
    expect((await desk.stored()).chunks.length).toBeGreaterThan(1);
    expect(await auditorAt(scene.desk("orc_2")).look()).toBe(0);
    expect(kindsOf(scene.database)).toEqual(["requested", "decided", "settled"]);
  });

  const faults: readonly (keyof AuditStore)[] = [
    "listAuditable",
    "readAuditChain",
    "putAudit",
    "readAuditCursor",
    "moveAuditCursor",
  ];
  it.each(faults.flatMap((operation) => [[operation, "away"] as const, [operation, "answer_lost"] as const]))(
    "loses and doubles nothing where %s is %s and the process dies",
    async (operation, fault) => {
      const scene = new SignedScene();
      const [dying, next] = [scene.desk("orc_1"), scene.desk("orc_2")];
      for (const run of ["run_a", "run_b", "run_c"]) await paidRefund(dying, run);
      dying.store.befall(operation, fault);
      await auditorAt(dying)
        .look()
        .catch(() => undefined);
      await paidRefund(dying, "run_d");
      scene.now += 60_000;
      await auditorAt(next).look();
      for (const run of ["run_a", "run_b", "run_c", "run_d"]) expect(kindsOf(scene.database, run)).toEqual(PAID);
      expect(await reportOn(scene.database)).toMatchObject({ ...fine, entries: 20, chains: 4 });
    },
  );

  it("goes on from where the one before had got to, however long nobody was there", async () => {
    const scene = new SignedScene();
    const desk = scene.desk();
    await paidRefund(desk, "run_a");
    await auditorAt(desk).look();
    scene.now += 86_400_000;
    await paidRefund(desk, "run_b");
    scene.now += 86_400_000;
    const next = scene.desk("orc_2");
    await auditorAt(next).look();
    expect(kindsOf(scene.database, "run_b")).toEqual(PAID);
    // What was there long ago is not read again.
    expect(next.store.count("load")).toBeLessThanOrEqual(2);
    const last = scene.desk("orc_3");
    await auditorAt(last).look();
    expect(last.store.count("load")).toBe(0);
  });

  it("appends the same as another that looks after the same runs, and each is there once", async () => {
    const scene = new SignedScene();
    const [one, other] = [scene.desk("orc_1"), scene.desk("orc_2")];
    const auditors = [auditorAt(one), auditorAt(other)];
    const runs = Array.from({ length: 20 }, (_, number) => `run_${number}`);
    for (const run of runs) {
      await Promise.all([paidRefund(one, run), ...auditors.map((auditor) => auditor.look())]);
      scene.now += 10;
    }
    await Promise.all(auditors.map((auditor) => auditor.look()));
    for (const run of runs) expect(kindsOf(scene.database, run)).toEqual(PAID);
    expect(await reportOn(scene.database)).toMatchObject({ ...fine, entries: 100 });
  });

  it("leaves another's share to it, and takes it over when it is gone", async () => {
    const scene = new SignedScene();
    const [one, other] = [scene.desk("orc_1"), scene.desk("orc_2")];
    let living = ["orc_1", "orc_2"];
    const auditors = [auditorAt(one, () => living), auditorAt(other, () => living)] as const;
    const runs = Array.from({ length: 40 }, (_, number) => `run_${number}`);
    for (const run of runs) await paidRefund(one, run);
    const [first, second] = [await auditors[0].look(), await auditors[1].look()];
    expect(first + second).toBe(200);
    expect(Math.min(first, second)).toBeGreaterThan(0);
    for (const run of runs) await paidRefund(one, `${run}_again`);
    living = ["orc_2"];
    scene.now += 3_600_000;
    expect(await auditors[1].look()).toBe(200);
    expect(await reportOn(scene.database)).toMatchObject({ ...fine, entries: 400 });
  });

  it("sees a change that was stored later than its time says", async () => {
    const scene = new SignedScene();
    const desk = scene.desk();
    const auditor = auditorAt(desk);
    await auditor.look();
    const began = scene.now;
    scene.now += 5_000;
    await auditor.look();
    scene.now = began;
    await paidRefund(desk, "run_late");
    scene.now = began + 5_500;
    expect(await auditor.look()).toBe(5);
    scene.now = began + 20_000;
    await auditor.look();
    scene.now = began + 1;
    await paidRefund(desk, "run_later");
    scene.now = began + 61_000;
    expect(await auditor.look()).toBe(5);
  });

  it("goes on beside a run that it cannot read, and comes back to it", async () => {
    const scene = new SignedScene();
    const desk = scene.desk();
    await paidRefund(desk, "run_odd");
    await paidRefund(desk, "run_b");
    const stored = scene.database.runs.get("run_odd");
    if (stored === undefined) throw new Error("not stored");
    scene.database.runs.set("run_odd", { ...stored, schema: 1_000 });
    const auditor = auditorAt(desk);
    expect(await auditor.look()).toBe(5);
    scene.now += 3_600_000;
    expect(await auditor.look()).toBe(0);
    expect(scene.database.audit.cursors.get(shareOf("run_odd"))).toBeLessThanOrEqual(stored.index.updatedAt);
    scene.database.runs.set("run_odd", stored);
    expect(await auditorAt(scene.desk("orc_2")).look()).toBe(5);
    expect(await reportOn(scene.database)).toMatchObject({ ...fine, entries: 10 });
  });

  it("puts an entry that was taken out there again, the same one, and lets one that was changed be found", async () => {
    const scene = new SignedScene();
    const desk = scene.desk();
    const auditor = auditorAt(desk);
    await paidRefund(desk, "run_a");
    await auditor.look();
    const before = recordsIn(scene.database).map(({ hash }) => hash);
    const [, decided, , settled] = recordsIn(scene.database);
    if (decided === undefined || settled === undefined) throw new Error("too few entries");
    scene.database.audit.entries.delete(settled.id);
    expect((await reportOn(scene.database)).faults).toHaveLength(1);
    await auditor.catchUp("run_a");
    expect(recordsIn(scene.database).map(({ hash }) => hash)).toEqual(before);
    scene.database.audit.entries.set(decided.id, { ...decided, text: decided.text.replace("maria", "eve") });
    await auditor.catchUp("run_a");
    expect((await reportOn(scene.database)).faults).toMatchObject([{ entry: decided.id }, { entry: decided.id }]);
  });

  it("brings another's run up to date where somebody asks for it", async () => {
    const scene = new SignedScene();
    const desk = scene.desk();
    const idle = auditorAt(desk, () => Array.from({ length: 200 }, (_, number) => `orc_x${number}`));
    await paidRefund(desk, "run_a");
    await paidRefund(desk, "run_b");
    await idle.catchUp("run_a");
    expect(kindsOf(scene.database)).toEqual(PAID);
    await idle.catchUp();
    expect(kindsOf(scene.database, "run_b")).toEqual(PAID);
  });
});
