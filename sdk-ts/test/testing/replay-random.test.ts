// Runs under random commands, replayed from what a client reads of them: what a history cannot hold is refused, and
// nothing is ever said to go otherwise by the very definition that it went by.

import type { RunEvent } from "@agentspan/orchestrator/core";
import * as core from "@agentspan/orchestrator/core";
import fc from "fast-check";
import { expect, it } from "vitest";
import { STORY, type Story } from "../../../services/orchestrator/test/core/explore.js";
import { type Core, ExploredRun } from "../../../services/orchestrator/test/core/explored-run.js";
import { commandOf, startOf, waitOf } from "../../../services/orchestrator/test/core/moves.js";
import { play } from "../../../services/orchestrator/test/core/preludes.js";
import { HistoryError } from "../../src/testing/replay/history-file.js";
import { RecordedRun } from "../../src/testing/replay/recorded-run.js";
import { playAgain, type Steps, stepsOf } from "../../src/testing/replay/replay-run.js";
import { historyOf } from "./recorded-histories.js";

const STORIES = 600;

function explored({ prelude, moves, without, deadlineMs, isChild }: Story): ExploredRun {
  const run = new ExploredRun(core as Core, () => undefined, undefined, { deadlineMs });
  run.step(startOf("request", isChild));
  play(prelude, run);
  for (const move of moves) {
    if (without.includes(move.kind) || move.kind === "late") continue;
    if (move.kind === "wait" || move.kind === "tick") run.now += waitOf(move);
    const command = commandOf(move, run);
    if (command !== undefined) run.step(command, run.context(0));
  }
  return run;
}

it("is as it was recorded, but for what a history does not hold", { timeout: 300_000 }, () => {
  let refused = 0;
  for (const story of fc.sample(STORY, { numRuns: STORIES, seed: 20_261_130 })) {
    const { events, agent } = explored(story);
    const record = new RecordedRun(historyOf(JSON.parse(JSON.stringify(events)) as RunEvent[]));
    let steps: Steps;
    try {
      steps = stepsOf(record, agent);
    } catch (error) {
      if (!(error instanceof HistoryError)) throw error;
      refused += 1;
      continue;
    }
    expect(playAgain(record, steps, agent, agent)).toEqual({ divergence: undefined, words: [] });
  }
  // Such as a wait that another run's word brought about.
  expect(refused).toBeLessThan(STORIES / 50);
});
