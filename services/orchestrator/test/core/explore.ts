// Plays random commands against a core with all invariants watching.
import fc from "fast-check";
import type { RunEvent } from "../../src/core/index.js";
import type { Coverage } from "./coverage.js";
import { type Core, ExploredRun, type Invariants, Violation } from "./explored-run.js";
import { ANSWERS, ordersAgree } from "./invariants-answers.js";
import { CHILDREN } from "./invariants-children.js";
import { CLAIMANTS } from "./invariants-claimants.js";
import { ENTITLEMENT } from "./invariants-entitlement.js";
import { EXPIRY } from "./invariants-expiry.js";
import { GUARDED } from "./invariants-guarded.js";
import { PREVIEWS } from "./invariants-previews.js";
import { PROBES } from "./invariants-probes.js";
import { driveToTheEnd, PROGRESS } from "./invariants-progress.js";
import { QUESTIONS } from "./invariants-questions.js";
import { RECORD } from "./invariants-record.js";
import { REFUSED } from "./invariants-refused.js";
import { RULES } from "./invariants-rules.js";
import { VOTERS } from "./invariants-voters.js";
import { commandOf, DISPENSABLE, MOVE, type Move, type MoveKind, pick, startOf, waitOf } from "./moves.js";
import { PRELUDES, type Prelude, play } from "./preludes.js";

/** What may be sent early and arrive late. */
const DELAYED: readonly MoveKind[] = [
  "claim",
  "complete",
  "release",
  "lose",
  "probe_says",
  "preview_says",
  "decide",
  "report",
  "reply",
  "model_fails",
];
/** Little comes of what is asked of a run that has ended. */
const MOVES_AFTER_THE_END = 12;
const DOCUMENT_BYTES = 4 * 1024 * 1024;

const WATCHERS = [
  ...RECORD,
  ...GUARDED,
  ...PROBES,
  ...PREVIEWS,
  ...CLAIMANTS,
  ...VOTERS,
  ...ENTITLEMENT,
  ...EXPIRY,
  ...RULES,
  ...QUESTIONS,
  ...REFUSED,
  ...CHILDREN,
  ...ANSWERS,
  ...PROGRESS,
];

/** All of them, or the one with this number. */
function watching(only: number | undefined): Invariants {
  const checks = WATCHERS.filter(([invariants]) => heeds(only, invariants)).map(([, watch]) => watch());
  return (explored, step) => {
    for (const check of checks) heeding(only, () => check(explored, step));
  };
}

function heeds(only: number | undefined, invariants: readonly number[]): boolean {
  return only === undefined || invariants.includes(only);
}

function heeding(only: number | undefined, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (only === undefined || !(error instanceof Violation) || error.invariant === only) throw error;
  }
}

export interface Story {
  readonly prelude: Prelude;
  readonly moves: readonly Move[];
  /** Kinds of moves that do not come. */
  readonly without: readonly MoveKind[];
  readonly deadlineMs: number | undefined;
  /** Another run started it. */
  readonly isChild: boolean;
}

export const STORY: fc.Arbitrary<Story> = fc.record({
  prelude: fc.oneof({ weight: 3, arbitrary: fc.constant("none" as const) }, fc.constantFrom(...PRELUDES)),
  moves: fc.array(MOVE, { minLength: 1, maxLength: 90, size: "max" }),
  without: fc.subarray([...DISPENSABLE]),
  deadlineMs: fc.option(fc.constantFrom(60_000, 3_600_000), { nil: undefined }),
  isChild: fc.boolean(),
});

export interface Watch {
  readonly coverage?: Coverage;
  /** Heeds no other invariant than this. */
  readonly only?: number;
}

/** Throws a Violation where the core breaks an invariant. */
export function explore(core: Core, story: Story, { coverage, only }: Watch = {}): void {
  const { prelude, moves, without, deadlineMs, isChild } = story;
  const explored = new ExploredRun(core, watching(only), coverage, { deadlineMs });
  const delayed: ReturnType<typeof commandOf>[] = [];
  explored.step(startOf("request", isChild));
  play(prelude, explored);
  let afterTheEnd = 0;
  for (const [index, move] of moves.entries()) {
    if (without.includes(move.kind)) continue;
    if (explored.run?.phase.kind === "ended") afterTheEnd += 1;
    if (afterTheEnd > MOVES_AFTER_THE_END) break;
    if (move.kind === "expire") explored.now = Math.max(explored.now, nextTime(explored) ?? 0);
    if (move.kind === "wait" || move.kind === "tick") explored.now += waitOf(move);
    if (move.kind === "late" && move.y % 2 === 0) {
      delayed.push(commandOf({ ...move, kind: pick(DELAYED, move.z) ?? "claim" }, explored));
      continue;
    }
    const command =
      move.kind === "late" ? delayed.splice(move.x % (delayed.length + 1), 1)[0] : commandOf(move, explored);
    if (command === undefined) continue;
    const next = moves[index + 1];
    const other = next === undefined ? undefined : commandOf(next, explored);
    if (other !== undefined && heeds(only, [14, 17])) heeding(only, () => ordersAgree(explored, command, other));
    // Now and then the document is full, which shows in what is kept of a result.
    explored.step(command, explored.context(move.x % 30 === 7 ? DOCUMENT_BYTES : 0));
    // Clocks of several orchestrators differ a little.
    explored.now -= move.x % 40 === 3 ? 200 : 0;
  }
  heeding(only, () => driveToTheEnd(explored));
  if (!heeds(only, [1])) return;
  const folded = core.fold(explored.events.map((event) => JSON.parse(JSON.stringify(event)) as RunEvent));
  if (JSON.stringify(folded) !== JSON.stringify(explored.run))
    throw new Violation(1, "the whole history gives another run");
}

/** When a tool, a task's offer or the run itself times out next. */
function nextTime({ core, run }: ExploredRun): number | undefined {
  if (run === undefined) return undefined;
  const times = core.obligationsOf(run, core.DEFAULT_TIMING).filter(({ kind }) => kind === "tick");
  return times.length === 0 ? undefined : Math.min(...times.map(({ due }) => due));
}
