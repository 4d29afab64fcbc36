// Random commands against the pure core: several workers and persons, repeats, delays, wrong nonces, passing time, with
// these invariants watching every step. Those with a rule of the architecture name it.
//
//   1  Folding the stored text of a run's events gives its document, whoever folds (rule 4).
//   2  Sequences are gapless from 1, and a run's time never runs backwards (4).
//   3  One terminal event; after it only a settlement decided, or a late outcome (4).
//   4  A gated call starts only with an approval of exactly its arguments, by as many people as its policy asks (11, 12).
//   5  Under one approval a guarded call is granted to one nonce, unless that one gave it back, or it did not happen by
//      its probe's word, its receiver enforces the key, and the grant is dead (8).
//   6  A call has at most one outcome, and nothing of it starts after that.
//   7  A repeated command gets its answer again and no event (3).
//   8  Whatever is not done is owed to somebody or asked of somebody, and wakeAt is the earliest time (5).
//   9  A run that waits for people says so, and owes nothing (15).
//  10  What is owed at once is done at once, and nothing is announced that nobody may claim (5, 6).
//  11  A refusal changes nothing, and deciding never changes the run it looks at (1).
//  12  A settlement is closed by its three answers, or by its worker, and by nothing else (8).
//  13  What a person decided is remembered for the run's life (3, 11).
//  14  decide never throws, on no command in no state, and on no id.
//  15  No call that may have taken effect ends, and no run ends over it, without somebody saying what became of it (10).
//  16  A checkpoint closes once, and an act touches no other checkpoint.
//  17  Commands for different calls do the same in either order.
//  18  An attempt has one claim, and attempts have growing numbers.
//  19  The outcome of a true claimant of a guarded call is recorded whenever it comes (8).
//  20  The deadline counts the time in which the run itself is at work.
//  21  From wherever it is, a run comes to its end.
//  22  A paused run starts nothing.
//  23  The model is told each of its calls, and how it ended, once and in order; that a person said no, where one did.
//  24  A probe is asked where the claiming worker brought one, for as long as was said; its answer is what becomes of
//      the call, and lets it run again by itself as often as its attempts allow (8).
//  25  A stored claim is its process's: nobody else is granted it, tells its outcome or gives it back (7, 14).
//  26  Of one claim one outcome is taken, and another one is never said to be (9).
//  27  Whoever decides is one of the approvers, and did not start the run, where that is known and not allowed.
//  28  Time approves nothing: who decides too late is refused, and what expires ends as its policy says (13).
//  29  A rule that says yes, or nothing that can be understood, asks for people; an edit is asked about again (11, 13).
//  30  A standing grant decides as its maker could have, and each use of it lets one call run (11).
//  31  A question is answered by what fits its schema, or declined; no worker ever hears of it.
//  32  A call that was approved with a preview in sight begins only soon after a check that found the same.
//  33  A call that workers hand back says why, until one has it (17).
//  34  A call that starts a run has one child and one end, that child's; the run does not end before it.
//  35  What is mirrored of a child is what it told last, and is decided in its own run (10).
//  36  A run that another one started owes that one word of what it waits for, and of its end (5).
//  37  A call begins on what its definition asks, by its arguments and the recorded acts alone, and on nothing less (11).
//
// The first test has a fixed seed, and so the same coverage on every machine. The second has another seed each time;
// EXPLORE_RUNS=20000 explores longer, EXPLORE_SEED repeats a run that failed.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as core from "../src/core/index.js";
import { Coverage } from "./core/coverage.js";
import { explore, STORY } from "./core/explore.js";

const RUNS = Number(process.env.EXPLORE_RUNS ?? 500);
const SEED = process.env.EXPLORE_SEED === undefined ? {} : { seed: Number(process.env.EXPLORE_SEED) };
/** Counterexamples are made smaller for so long at most. */
const LIMIT = { interruptAfterTimeLimit: 500_000, markInterruptAsFailure: true };

describe("the core under random commands", () => {
  it("keeps its invariants, and meets every reachable pair of a command and a state", { timeout: 600_000 }, () => {
    const coverage = new Coverage();
    const property = fc.property(STORY, (story) => explore(core, story, { coverage }));
    fc.assert(property, { numRuns: 4_000, seed: 20_260_103, ...LIMIT });
    process.stdout.write(`${coverage.table()}\n`);
    expect(coverage.missing()).toEqual([]);
  });

  it("keeps its invariants under commands of today", { timeout: 600_000 }, () => {
    const property = fc.property(STORY, (story) => explore(core, story));
    fc.assert(property, { numRuns: RUNS, ...SEED, ...LIMIT });
  });
});
