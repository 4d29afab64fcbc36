import { AgentspanError } from "@agentspan/internal";
import { describe, expect, it } from "vitest";
import { MOST_REFUSALS, type Refusal } from "../../src/audit/refusals.js";
import { Scene } from "../scenes/scene.js";
import { entryOf, recordsIn, refusalsAt, reportOn } from "./audit-desk.js";

function refusal(more: Partial<Refusal> = {}): Refusal {
  return {
    run: "run_a",
    namespace: "default",
    tool: "refund",
    asked: "approve",
    about: { approval: "apr_1", decision: "d1", digest: "" },
    who: "sam",
    onBehalfOf: "",
    method: "api_key",
    credentialId: "k1",
    address: "10.0.0.9",
    error: new AgentspanError("ALREADY_DECIDED", "It was decided.", { metadata: { winner: "maria" } }),
    ...more,
  };
}

describe("refused decisions", () => {
  it("are in the audit when the refusal is answered, with who asked, how they were known, and the winner", async () => {
    const scene = new Scene();
    await refusalsAt(scene.desk()).note(refusal());
    const [record] = recordsIn(scene.database);
    expect(record && entryOf(record).entry).toEqual({
      chain: "refused",
      run: "run_a",
      namespace: "default",
      sequence: 1,
      at: scene.now,
      kind: "refused",
      previous: "",
      tool: "refund",
      asked: "approve",
      approval: "apr_1",
      decision: "d1",
      who: "sam",
      method: "api_key",
      credentialId: "k1",
      address: "10.0.0.9",
      reason: "ALREADY_DECIDED",
      message: "It was decided.",
      winner: "maria",
    });
    expect(record?.people).toEqual(["sam"]);
  });

  it("are one chain, whichever orchestrators refuse at the same instant", async () => {
    const scene = new Scene();
    const all = [1, 2, 3].map((number) => refusalsAt(scene.desk(`orc_${number}`)));
    const notes = Array.from({ length: 99 }, (_, i) => all[i % 3]?.note(refusal({ about: { decision: `d${i}` } })));
    await Promise.all(notes);
    const decisions = recordsIn(scene.database).map((record) => entryOf(record).entry.decision);
    expect(new Set(decisions).size).toBe(99);
    expect(await reportOn(scene.database)).toMatchObject({ entries: 99, chains: 1, signed: 99, faults: [] });
  });

  it("are so many a minute for a run, and the rest is counted", async () => {
    const scene = new Scene();
    const refusals = refusalsAt(scene.desk());
    for (let i = 0; i < MOST_REFUSALS + 150; i += 1) await refusals.note(refusal());
    await refusals.note(refusal({ run: "run_b" }));
    // With the one of the other run.
    expect(recordsIn(scene.database)).toHaveLength(MOST_REFUSALS + 1);
    await refusals.count();
    expect(recordsIn(scene.database)).toHaveLength(MOST_REFUSALS + 1);
    scene.now += 60_000;
    await refusals.count();
    await refusals.count();
    const last = recordsIn(scene.database).at(-1);
    expect(last && entryOf(last).entry).toMatchObject({
      kind: "refusals_counted",
      more: 150,
      run: "run_a",
      sequence: MOST_REFUSALS + 1,
    });
    await refusals.note(refusal());
    expect(recordsIn(scene.database)).toHaveLength(MOST_REFUSALS + 3);
    expect((await reportOn(scene.database)).faults).toEqual([]);
  });

  it("are counted when their process stops", async () => {
    const scene = new Scene();
    const refusals = refusalsAt(scene.desk());
    for (let i = 0; i <= MOST_REFUSALS; i += 1) await refusals.note(refusal());
    await refusals.count(true);
    expect(recordsIn(scene.database).at(-1)?.kind).toBe("refusals_counted");
  });

  it("are there once where the store's answer was lost", async () => {
    const scene = new Scene();
    const desk = scene.desk();
    desk.store.befall("appendAudit", "answer_lost", "away", "answer_lost");
    const refusals = refusalsAt(desk);
    await Promise.all([refusals.note(refusal()), refusals.note(refusal({ about: { decision: "d2" } }))]);
    expect(recordsIn(scene.database)).toHaveLength(2);
  });

  it("keep nobody from an answer where the store is away", async () => {
    const desk = new Scene().desk();
    desk.store.isAway = true;
    await refusalsAt(desk).note(refusal());
    desk.store.isAway = false;
    expect(recordsIn(desk.scene.database)).toEqual([]);
  });
});
