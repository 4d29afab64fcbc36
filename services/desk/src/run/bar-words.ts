// A bar in words, for whoever does not see it.
import { shortly } from "../text/reading.js";
import type { Bar, BarOutcome, Doing, Interruption } from "./bars.js";

export const OUTCOME_WORDS: Readonly<Record<BarOutcome, string>> = {
  ok: "ok",
  answered: "answered by a person",
  error: "error",
  rejected: "rejected",
  unknown: "outcome unknown",
  cancelled: "cancelled",
};

/** Another shape for each, beside the word. */
export const OUTCOME_SIGNS: Readonly<Record<BarOutcome, string>> = {
  ok: "✓",
  answered: "✎",
  error: "✕",
  rejected: "⊘",
  unknown: "?",
  cancelled: "–",
};

export const INTERRUPTION_SIGNS: Readonly<Record<Interruption, string>> = { error: "✕", released: "↩", unknown: "?" };

const INTERRUPTION_WORDS: Readonly<Record<Interruption, string>> = {
  error: "failed",
  released: "handed back by its worker",
  unknown: "lost with its worker",
};

const DOING_WORDS: Readonly<Record<Doing, string>> = {
  model: "the model took",
  queued: "waited its turn for",
  person: "waited for people for",
  running: "ran for",
  probing: "nobody knew for",
  paused: "paused for",
};

/** What it does at this moment, of a bar that goes on. */
export const GOING_ON_WORDS: Readonly<Record<Doing, string>> = {
  model: "the model is asked",
  queued: "waits its turn",
  person: "waits for people",
  running: "runs",
  probing: "nobody knows",
  paused: "paused",
};

/** "ok", or what it does at this moment. */
export function outcomeWordsOf({ outcome, stretches }: Bar): string {
  if (outcome !== undefined) return OUTCOME_WORDS[outcome];
  const doing = stretches.at(-1)?.doing;
  return doing === undefined ? "" : GOING_ON_WORDS[doing];
}

/** How long it has lasted, milliseconds. */
export function lengthOf({ stretches }: Bar, nowMs: number): number {
  const [first, last] = [stretches[0], stretches.at(-1)];
  return first === undefined || last === undefined ? 0 : Math.max(0, (last.until ?? nowMs) - first.from);
}

/** "waited for people for 3 minutes, ran for 1.2 s; 1 attempt failed". */
export function barWords({ stretches }: Bar, nowMs: number): string {
  const spent = new Map<Doing, number>();
  const broken = new Map<Interruption, number>();
  for (const { doing, from, until, interrupted } of stretches) {
    spent.set(doing, (spent.get(doing) ?? 0) + Math.max(0, (until ?? nowMs) - from));
    if (interrupted !== undefined) broken.set(interrupted, (broken.get(interrupted) ?? 0) + 1);
  }
  const what = [...spent].filter(([, ms]) => ms > 0).map(([doing, ms]) => `${DOING_WORDS[doing]} ${shortly(ms)}`);
  const attempts = [...broken].map(
    ([how, count]) => `${count} ${count === 1 ? "attempt" : "attempts"} ${INTERRUPTION_WORDS[how]}`,
  );
  return [what.join(", ") || "took no time", ...attempts].join("; ");
}
