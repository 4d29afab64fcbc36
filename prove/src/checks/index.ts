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
import { auditVerifies, decidedByWhoMay, grantsHold, receiptsVerify } from "./trust.js";

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

/** Where it is known who asks, and everything is signed. */
const TRUST: readonly Check[] = [decidedByWhoMay, grantsHold, receiptsVerify, auditVerifies];

/** Every invariant, each looked at on its own. */
export function checkAll(evidence: Evidence): readonly Checked[] {
  const stored = evidence.stored === undefined ? [] : [storedHistoriesFold];
  const trust = evidence.trust === undefined ? [] : TRUST;
  const checks = [...CHECKS, ...stored, ...trust];
  return checks.map((check) => check(evidence));
}
