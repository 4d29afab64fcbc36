import { decisionsTookEffectOnce, refusedDecisionsHadNone } from "./decisions.js";
import {
  historiesAreGapless,
  questionsAreAnswered,
  readersSawEverything,
  runsEnded,
  runsEndOrSayWhy,
  startsAreIdempotent,
} from "./events.js";
import type { Check, Checked, Evidence } from "./evidence.js";
import {
  gatedToolsBeganByApproval,
  guardedToolsBeganByRecord,
  guardedToolsBeganOnce,
  outcomesAreRecorded,
} from "./gated-tools.js";
import { storedHistoriesFold } from "./store.js";

const CHECKS: readonly Check[] = [
  decisionsTookEffectOnce,
  refusedDecisionsHadNone,
  gatedToolsBeganByApproval,
  guardedToolsBeganOnce,
  guardedToolsBeganByRecord,
  outcomesAreRecorded,
  readersSawEverything,
  historiesAreGapless,
  questionsAreAnswered,
  runsEndOrSayWhy,
  runsEnded,
  startsAreIdempotent,
];

/** Every invariant, each looked at on its own. */
export function checkAll(evidence: Evidence): readonly Checked[] {
  const checks = evidence.stored === undefined ? CHECKS : [...CHECKS, storedHistoriesFold];
  return checks.map((check) => check(evidence));
}
