// Kit and server cannot drift: the kit has no rules of its own. A change of the core that alters a transcript, the
// server's own stories, changes what the kit's tests see too; here the change is made, in a copy.
import { readdirSync, readFileSync } from "node:fs";
import * as kitAsItIs from "@agentspan/sdk/testing";
import { MockEvent, memoryKit, mockRun, normalisedHistory, type TestedRun } from "@agentspan/sdk/testing";
import { afterAll, describe, expect, it } from "vitest";
import type { Mutant } from "../../../services/orchestrator/test/core/mutants/mutant.js";
import { MutatedCores } from "../../../services/orchestrator/test/core/mutated-core.js";
import { replayTranscript } from "../../../services/orchestrator/test/core/replay-transcript.js";
import { type Kits, MutatedKits } from "./kit-on-mutated-core.js";
import { SCENARIOS, type Scenario } from "./kit-scenarios.js";
import { type PlayingKit, vectorsOf } from "./mock-vector-runs.js";
import { REFUND, refundAgent, till } from "./refund-agent.js";

const CHANGES: readonly Omit<Mutant, "invariant">[] = [
  {
    what: "a gated call is announced unasked",
    file: "decide-model.ts",
    from: 'else if (called?.gating?.gate === "approval") {',
    to: 'else if (called?.gating?.gate === "once") {',
  },
  {
    what: "what was edited does not run",
    file: "evolve-checkpoint.ts",
    from: "const { argumentsSequence, digest } = checkpoint ?? call;",
    to: "const { argumentsSequence, digest } = call;",
  },
  {
    what: "a model that calls tools is told to have stopped",
    file: "decide-model.ts",
    from: "    finishReason: reply.finishReason,",
    to: '    finishReason: "STOP",',
  },
  {
    what: "what expires is closed as cancelled",
    file: "checkpoint-time.ts",
    from: 'approvalId, callId, why: "EXPIRED" }',
    to: 'approvalId, callId, why: "CANCELLED" }',
  },
];

const FOLDER = new URL("../../../services/orchestrator/testdata/transcripts/", import.meta.url);
const VECTORS = new URL("../../../workers/vectors/mock-runs.json", import.meta.url);
const TRANSCRIPTS = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".txt"))
  .map((name) => readFileSync(new URL(name, FOLDER), "utf8"));
/** Against what hangs on a core that is wrong. */
const HANGS_MS = 10_000;

/** A made-up run in which a person edits what a gated tool does. */
function played({ mockRun: play }: Pick<Kits, "mockRun">): readonly unknown[] {
  const edited = MockEvent.decided("APPROVED", { args: { ...REFUND, amount: 1 } });
  const steps = [MockEvent.waiting(), edited, MockEvent.toolResult("process_refund"), MockEvent.done("Done.")];
  const events = [MockEvent.toolCall("process_refund", REFUND), ...steps];
  return normalisedHistory(play(refundAgent(till()), "Refund", { events }).events);
}

/** The histories of a scenario's runs, or what it failed with. */
async function carriedOut(scenario: Scenario, { memoryKit: makeKit }: Pick<Kits, "memoryKit">): Promise<unknown> {
  const hangs = new Promise<never>((_, reject) => setTimeout(() => reject(new Error("It hangs.")), HANGS_MS).unref());
  const run: Promise<readonly TestedRun[]> = scenario({ makeKit, expiresIn: "30d", thinksFor: "2d" });
  return Promise.race([run, hangs]).then(
    (runs) => runs.map(({ events }) => normalisedHistory(events)),
    (error: unknown) => String(error),
  );
}

describe("a change of the core that alters a transcript changes what the kit sees:", () => {
  const cores = new MutatedCores();
  const kits = new MutatedKits();
  const known = new Map<string, unknown>();
  const loaded = new Map<string, Promise<Kits>>();
  /** The kit on a core with this change; each is made once. */
  const kitOn = (change: Omit<Mutant, "invariant">): Promise<Kits> => {
    const kit = loaded.get(change.what) ?? kits.load({ invariant: 0, ...change }, cores);
    loaded.set(change.what, kit);
    return kit;
  };
  const asItIs = async (name: string, scenario: Scenario): Promise<unknown> => {
    if (!known.has(name)) known.set(name, await carriedOut(scenario, { memoryKit }));
    return known.get(name);
  };
  afterAll(() => {
    cores.remove();
    kits.remove();
  });

  it.each(CHANGES)("$what", async (change) => {
    const mutant = { invariant: 0, ...change };
    expect(cores.matches(mutant), `the text to replace in ${change.file}`).toBe(1);
    const core = await cores.load(mutant);
    const altered = TRANSCRIPTS.filter((text) => {
      try {
        return replayTranscript(text, core).text !== text;
      } catch {
        // A story that cannot go on as it was told.
        return true;
      }
    });
    expect(altered.length).toBeGreaterThan(0);

    const changed = await kitOn(change);
    const seen: string[] = [];
    for (const [name, scenario] of Object.entries(SCENARIOS)) {
      const after = await carriedOut(scenario, changed);
      if (JSON.stringify(after) !== JSON.stringify(await asItIs(name, scenario))) seen.push(name);
    }
    expect(seen.length).toBeGreaterThan(0);
  });

  it("and a made-up run too, which is refused or goes otherwise", async () => {
    const before = played({ mockRun });
    for (const change of CHANGES.filter(({ file }) => file === "decide-model.ts")) {
      const changed = await kitOn(change);
      expect(() => expect(played(changed)).toEqual(before), change.what).toThrow();
    }
  });

  it("and so do the vectors that hold the kits of other languages to the core", async () => {
    const vectors = (kit: PlayingKit): unknown => {
      try {
        return vectorsOf(kit);
      } catch (error) {
        return String(error);
      }
    };
    const before = vectors(kitAsItIs);
    expect(before).toEqual(JSON.parse(readFileSync(VECTORS, "utf8")).vectors);
    for (const change of CHANGES.filter(({ file }) => file === "decide-model.ts")) {
      expect(vectors(await kitOn(change)), change.what).not.toEqual(before);
    }
  });

  it("while on the core as it is nothing changes", async () => {
    const same = await kitOn({ what: "nothing", file: "decide.ts", from: "", to: "" });
    expect(same.memoryKit).not.toBe(memoryKit);
    expect(played(same)).toEqual(played({ mockRun }));
    for (const [name, scenario] of Object.entries(SCENARIOS)) {
      expect(await carriedOut(scenario, same)).toEqual(await asItIs(name, scenario));
    }
  });
});
