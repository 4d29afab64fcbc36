// What a turn of a long run costs. Everything that grows with the turns would show here.
import { describe, expect, it } from "vitest";
import { type Decide, decide, type Run, STATE_BYTES, type Transition } from "../../src/core/index.js";
import type { RunWrite } from "../../src/ports.js";
import { textFunctions } from "../../src/text-functions.js";
import { approves, playTurns, replies, Scene, start } from "../scenes/scene.js";

interface Cost {
  /** Bytes that a turn wrote: state, times, new events, what a trim kept, chunks. */
  readonly bytes: number;
  readonly writes: number;
  readonly stateBytes: number;
}

function bytesOf({ run, schedule, append, trim }: RunWrite): number {
  const texts = [
    JSON.stringify(run),
    JSON.stringify(schedule),
    ...append.map(({ text }) => text),
    ...(trim?.keep ?? []),
  ];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}

/** The cost of a turn, on average over each hundred turns. */
async function costs(hundreds: number, resultBytes: number): Promise<readonly Cost[]> {
  const desk = new Scene().desk();
  const { store } = desk;
  let [bytes, writes, stateBytes] = [0, 0, 0];
  const [commit, putChunk] = [store.commit.bind(store), store.putChunk.bind(store)];
  store.commit = (write) => {
    writes += 1;
    bytes += bytesOf(write);
    stateBytes = Buffer.byteLength(JSON.stringify(write.run));
    return commit(write);
  };
  store.putChunk = (runId, chunk, texts) => {
    bytes += texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    return putChunk(runId, chunk, texts);
  };
  await desk.execute(start(), { agent: await desk.agent() });
  const found: Cost[] = [];
  for (let i = 0; i < hundreds; i += 1) {
    [bytes, writes] = [0, 0];
    await playTurns(desk, 100, { resultBytes });
    found.push({ bytes: bytes / 100, writes: writes / 100, stateBytes });
  }
  return found;
}

describe("a run of 2,000 turns", () => {
  it("costs as much in its last turns as in its first", { timeout: 60_000 }, async () => {
    const found = await costs(20, 500);
    expect(found.map(({ writes }) => writes)).toEqual(found.map(() => 2));
    for (const { stateBytes } of found) expect(stateBytes).toBeLessThan(4_500);
    // Four hundred turns make one chunk, so as many are compared at a time.
    const perTurn = [0, 4, 8, 12, 16].map((from) => {
      return found.slice(from, from + 4).reduce((sum, { bytes }) => sum + bytes, 0) / 4;
    });
    for (const bytes of perTurn) expect(bytes).toBeLessThan(12_500);
    expect(perTurn.at(-1)).toBeLessThan((perTurn[0] ?? 0) * 1.1);
  });
});

describe("what a run remembers of people", () => {
  const DECISIONS_PER_MIB = 1_000;

  async function remembering(bytes: number): Promise<{ readonly run: Run; readonly decided: Transition }> {
    const desk = new Scene().desk();
    const agent = await desk.agent();
    await desk.execute(start(), { agent });
    const { run } = await desk.stored();
    const act = { approvalId: "a", sequence: 1, at: 1, who: "maria", outcome: "approved", closed: true } as const;
    const acts = Object.fromEntries(
      Array.from({ length: Math.floor(bytes / 200) }, (_, index) => [
        `decision ${index}`,
        { ...act, requestHash: "h".repeat(64), votesMissing: 0 },
      ]),
    );
    const grown: Run = { ...run, acts };
    const decided = decide(grown, replies(1, ["look_up"]), {
      now: desk.scene.now,
      by: "orc_1",
      agent,
      timing: desk.scene.timing,
      entropy: "e",
      jitter: 0,
      schedule: {},
      inlineBytes: 1_000,
      totalBytes: 1_000,
      text: textFunctions,
    });
    if (decided.type === "rejection") throw new Error(decided.message);
    return { run: grown, decided };
  }

  it("is told to it before it is too much, and then ends it with a clear error", async () => {
    const facts = async (bytes: number) => (await remembering(bytes)).decided.events.map(({ fact }) => fact);
    expect((await facts(STATE_BYTES / 2)).map(({ type }) => type)).toEqual(["model_replied", "tool_call"]);
    const warned = (await facts(STATE_BYTES * 0.8)).at(-1);
    expect(warned).toMatchObject({ type: "warning", reason: "DOCUMENT_SIZE" });
    const ended = (await facts(STATE_BYTES * 1.1)).at(-1);
    expect(ended).toMatchObject({ type: "ended", end: { state: "FAILED", reason: "SIZE_LIMIT" } });
  });

  it("is about a kB for a decision, so that a thousand and more fit", async () => {
    const desk = new Scene().desk();
    let stored = await desk.startWith(["refund"]);
    const sizes: number[] = [];
    for (let turn = 1; turn <= 20; turn += 1) {
      const decision: Decide = approves(stored, `t${turn}c1`, `dec_${"x".repeat(26)}${turn}`, {
        verdict: { kind: "reject" },
      });
      await desk.execute({ ...decision, requestHash: "h".repeat(64) });
      stored = (await desk.execute(replies(turn + 1, ["refund"]))).stored;
      sizes.push(Buffer.byteLength(JSON.stringify(stored.run)));
    }
    const each = ((sizes.at(-1) ?? 0) - (sizes[0] ?? 0)) / (sizes.length - 1);
    expect(2 ** 20 / each).toBeGreaterThan(DECISIONS_PER_MIB);
  });
});
