// The history of a long run: its closed turns move into chunks, and every reader still sees every event once.
import { describe, expect, it } from "vitest";
import { fold } from "../../src/core/index.js";
import { History } from "../../src/history.js";
import type { StoredRun } from "../../src/ports.js";
import { approves, claim, completes, type Desk, playTurns, RUN, replies, Scene, start } from "../scenes/scene.js";

const ROOM = { moveAboveBytes: 4_096, mostBytes: 64 * 1024 };
const MOVE_ABOVE = { room: ROOM };

async function begun(scene = new Scene()): Promise<Desk> {
  const desk = scene.desk("orc_1", MOVE_ABOVE);
  await desk.execute(start(), { agent: await desk.agent() });
  return desk;
}

/** Plays turns until the next write moves them. Resolves to the turn that is owed. */
async function toTheEdge(desk: Desk): Promise<number> {
  for (;;) {
    const { inlineBytes, chunks, run } = await desk.stored();
    if (inlineBytes > ROOM.moveAboveBytes && chunks.length === 0) return run.turn.number;
    await playTurns(desk, 1);
  }
}

/** Reads from every place that a reader may have come to, and each event by itself. */
async function expectWhole(desk: Desk): Promise<StoredRun> {
  const stored = await desk.stored();
  const history = new History(desk.store);
  const all = await history.after(stored, 0);
  expect(all.map(({ sequence }) => sequence)).toEqual(
    Array.from({ length: stored.run.lastSequence }, (_, index) => index + 1),
  );
  for (const { sequence } of all) {
    expect((await history.after(stored, sequence)).map((event) => event.sequence)[0]).toBe(
      sequence === stored.run.lastSequence ? undefined : sequence + 1,
    );
    expect(await history.at(stored, sequence)).toEqual(all[sequence - 1]);
  }
  expect(await history.at(stored, 0)).toBeUndefined();
  expect(await history.at(stored, stored.run.lastSequence + 1)).toBeUndefined();
  expect(JSON.parse(JSON.stringify(fold(all)))).toEqual(stored.run);
  return stored;
}

describe("the history of a long run", () => {
  it("moves into chunks that follow one another, and is whole from wherever it is read", async () => {
    const desk = await begun();
    await playTurns(desk, 60);
    const { chunks, events, inlineBytes, totalBytes, run } = await expectWhole(desk);
    expect(chunks.length).toBeGreaterThan(5);
    let next = 1;
    for (const { from, to } of chunks) {
      expect(from).toBe(next);
      next = to + 1;
    }
    expect(events[0]?.sequence).toBe(next);
    expect(events.at(-1)?.sequence).toBe(run.lastSequence);
    const texts = (sequences: typeof events) => sequences.reduce((sum, one) => sum + JSON.stringify(one).length, 0);
    expect(inlineBytes).toBe(texts(events));
    expect(totalBytes).toBe(texts(await new History(desk.store).after(await desk.stored(), 0)));
  });

  it("keeps an open turn in the document while that has room, however long it waits", async () => {
    const desk = await begun();
    await playTurns(desk, 20);
    const { stored } = await desk.execute(replies(21, ["refund", ...Array.from({ length: 20 }, () => "look_up")]));
    for (let call = 2; call <= 21; call += 1) {
      const text = JSON.stringify("x".repeat(1_000));
      await desk.execute(claim(`t21c${call}`, `n${call}`));
      await desk.execute(completes(stored, `t21c${call}`, `n${call}`, { outcome: { kind: "result", text } }));
    }
    const { events, run, inlineBytes } = await expectWhole(desk);
    expect(inlineBytes).toBeGreaterThan(4 * ROOM.moveAboveBytes);
    expect(run.turn.model).toEqual({ kind: "replied", sequence: events[0]?.sequence });
    await desk.execute(approves(await desk.stored(), "t21c1", "d1", { verdict: { kind: "reject" } }));
    await playTurns(desk, 1);
    expect((await expectWhole(desk)).inlineBytes).toBeLessThan(ROOM.moveAboveBytes);
  });

  it("moves even an open turn where the document has no room for what comes, and every call goes on", async () => {
    const desk = await begun();
    const calls = 60;
    const { stored } = await desk.execute(replies(1, ["refund", ...Array.from({ length: calls }, () => "look_up")]));
    const text = JSON.stringify("x".repeat(30_000));
    const outcome = { kind: "result", text } as const;
    // All at once: one write has no room for them either.
    await Promise.all(
      Array.from({ length: calls }, async (_, at) => {
        await desk.execute(claim(`t1c${at + 2}`, `n${at}`));
        await desk.execute(completes(stored, `t1c${at + 2}`, `n${at}`, { outcome }));
      }),
    );
    const { inlineBytes, chunks, run } = await expectWhole(desk);
    expect(chunks.length).toBeGreaterThan(0);
    expect(inlineBytes).toBeLessThan(1.2 * 1024 * 1024);
    expect(run.turn.model.kind).toBe("replied");
    const results = (await new History(desk.store).after(await desk.stored(), 0)).flatMap(({ fact }) =>
      fact.type === "tool_result" ? [fact.outcome] : [],
    );
    expect(results).toEqual(Array.from({ length: calls }, () => outcome));
    await desk.execute(approves(await desk.stored(), "t1c1", "d1"));
    await desk.execute(claim("t1c1", "paid"));
    await desk.execute(completes(stored, "t1c1", "paid"));
    expect((await expectWhole(desk)).run.turn.number).toBe(2);
  });

  it("stops at enough, and reads no chunk that a reader has behind it", async () => {
    const desk = await begun();
    await playTurns(desk, 30);
    const stored = await desk.stored();
    desk.store.forgetCalls();
    const history = new History(desk.store);
    await history.after(stored, 0, (events) => events.length >= 3);
    expect(desk.store.count("readChunk")).toBe(1);
    await history.after(stored, stored.chunks.at(-1)?.to ?? 0);
    expect(desk.store.count("readChunk")).toBe(1);
  });

  it("is read from the store once, as far as there is room to keep it", async () => {
    const desk = await begun();
    await playTurns(desk, 30);
    const stored = await desk.stored();
    desk.store.forgetCalls();
    const roomy = new History(desk.store);
    for (let i = 0; i < 3; i += 1) await roomy.after(stored, 0);
    expect(desk.store.count("readChunk")).toBe(stored.chunks.length);
    desk.store.forgetCalls();
    const narrow = new History(desk.store, 1);
    for (let i = 0; i < 3; i += 1) await narrow.at(stored, 1);
    expect(desk.store.count("readChunk")).toBe(1);
    for (let i = 0; i < 3; i += 1) await narrow.after(stored, 0);
    expect(desk.store.count("readChunk")).toBe(1 + 3 * stored.chunks.length - 1);
  });
});

describe("a move of closed turns", () => {
  it("that dies between the chunk and the trim leaves the run as it was, and is made again", async () => {
    const scene = new Scene();
    const desk = await begun(scene);
    const turn = await toTheEdge(desk);
    const before = await expectWhole(desk);
    desk.store.befall("commit", "away");
    await expect(desk.execute(replies(turn, ["look_up"]))).rejects.toMatchObject({ reason: "STORE_UNAVAILABLE" });
    expect(scene.database.chunks.size).toBe(1);
    expect(await expectWhole(desk)).toEqual(before);
    // Another process goes on from there; it has never seen what died.
    const other = scene.desk("orc_2", MOVE_ABOVE);
    await other.execute(replies(turn, ["look_up"]));
    const after = await expectWhole(desk);
    expect(after.chunks.map(({ from, to }) => [from, to])).toEqual([[1, before.run.lastSequence]]);
    expect(scene.database.chunks.size).toBe(1);
  });

  it("whose chunk cannot be written changes nothing", async () => {
    const desk = await begun();
    const turn = await toTheEdge(desk);
    const before = await desk.stored();
    desk.store.befall("putChunk", "away");
    await expect(desk.execute(replies(turn, ["look_up"]))).rejects.toMatchObject({ reason: "STORE_UNAVAILABLE" });
    expect(await desk.stored()).toEqual(before);
    await desk.execute(replies(turn, ["look_up"]));
    expect((await expectWhole(desk)).chunks).toHaveLength(1);
  });

  it("that loses the race to another's move takes what the other left", async () => {
    const scene = new Scene();
    const desk = await begun(scene);
    const other = scene.desk("orc_2", MOVE_ABOVE);
    const turn = await toTheEdge(desk);
    const release = desk.store.hold("commit");
    const replied = desk.execute(replies(turn, ["look_up", "look_up"]));
    await other.execute(replies(turn, ["look_up"]));
    await other.execute(claim(`t${turn}c1`, "n1"));
    release();
    expect((await replied).answer.type).toBe("stale");
    const { chunks, run } = await expectWhole(desk);
    expect(chunks).toHaveLength(1);
    expect(run.turn.calls).toHaveLength(1);
    await desk.execute(completes(await desk.stored(), `t${turn}c1`, "n1"));
    await playTurns(desk, 10);
    await expectWhole(other);
  });

  it("whose answer is lost is found to be made", async () => {
    const desk = await begun();
    const turn = await toTheEdge(desk);
    desk.store.befall("commit", "answer_lost");
    await desk.execute(replies(turn, ["look_up"]));
    expect((await expectWhole(desk)).chunks).toHaveLength(1);
    await desk.execute(claim(`t${turn}c1`, "n1"));
    await expectWhole(desk);
  });

  it("makes no chunk of a run that has ended", async () => {
    const desk = await begun();
    await toTheEdge(desk);
    await desk.execute({ type: "cancel", who: "alex", reason: "enough" });
    const { chunks } = await desk.stored();
    await desk.execute({ type: "reschedule", due: {} }, { runId: RUN });
    expect((await expectWhole(desk)).chunks).toEqual(chunks);
  });
});
