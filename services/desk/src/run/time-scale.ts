// Where moments of a run are on a line. A run may work for a second and wait for a month: where it is asked for, what is
// long and nothing but waiting is drawn short, and said to be.
import type { Bar } from "./bars.js";

export interface Shortened {
  /** Where it is drawn, from 0 to 1. */
  readonly from: number;
  readonly until: number;
  /** How long it was, milliseconds. */
  readonly ms: number;
}

export interface TimeScale {
  /** From 0 to 1. */
  readonly at: (ms: number) => number;
  readonly shortened: readonly Shortened[];
  readonly from: number;
  readonly until: number;
}

/** What is waited longer than this part of all the work is drawn as long as it. */
const MOST_OF_WORK = 0.1;
/** Nothing is drawn shorter that is short for people. */
const LEAST_MS = 2_000;

interface Span {
  readonly from: number;
  readonly until: number;
}

/** From the first moment of the bars to `untilMs`, or to their last where that is later. */
export function timeScale(bars: readonly Bar[], untilMs: number, shorten: boolean): TimeScale {
  const stretches = bars.flatMap((bar) => bar.stretches);
  const from = stretches.reduce((least, stretch) => Math.min(least, stretch.from), untilMs);
  const until = stretches.reduce((most, stretch) => Math.max(most, stretch.until ?? 0, stretch.from), untilMs);
  const waits = shorten
    ? longWaits(
        stretches.flatMap((one) => (isWork(one.doing) ? [spanOf(one, until)] : [])),
        from,
        until,
      )
    : [];
  const pieces: { readonly span: Span; readonly drawn: number; readonly isWait: boolean }[] = [];
  let at = from;
  for (const { span, drawn } of waits) {
    if (span.from > at) pieces.push({ span: { from: at, until: span.from }, drawn: span.from - at, isWait: false });
    pieces.push({ span, drawn, isWait: true });
    at = span.until;
  }
  if (until > at) pieces.push({ span: { from: at, until }, drawn: until - at, isWait: false });
  const whole = pieces.reduce((sum, { drawn }) => sum + drawn, 0) || 1;
  let before = 0;
  const placed = pieces.map(({ span, drawn, isWait }) => {
    const place = { span, isWait, from: before / whole, until: (before + drawn) / whole };
    before += drawn;
    return place;
  });
  return {
    from,
    until,
    at: (ms) => {
      const piece = placed.find(({ span }) => ms <= span.until) ?? placed.at(-1);
      if (piece === undefined) return 0;
      const part = (ms - piece.span.from) / (piece.span.until - piece.span.from);
      return piece.from + (piece.until - piece.from) * Math.max(0, Math.min(1, part));
    },
    shortened: placed.flatMap(({ span, isWait, ...drawn }) =>
      isWait ? [{ from: drawn.from, until: drawn.until, ms: span.until - span.from }] : [],
    ),
  };
}

function isWork(doing: Bar["stretches"][number]["doing"]): boolean {
  return doing === "model" || doing === "running" || doing === "probing";
}

function spanOf({ from, until }: { readonly from: number; readonly until: number | undefined }, end: number): Span {
  return { from, until: until ?? end };
}

/** Stretches without any work that are long for this run, and how long to draw each. */
function longWaits(work: readonly Span[], from: number, until: number) {
  const sorted = work.toSorted((a, b) => a.from - b.from);
  const gaps: Span[] = [];
  let busy = 0;
  let at = from;
  for (const span of sorted) {
    if (span.from > at) gaps.push({ from: at, until: span.from });
    busy += Math.max(0, span.until - Math.max(at, span.from));
    at = Math.max(at, span.until);
  }
  if (until > at) gaps.push({ from: at, until });
  const most = Math.max(LEAST_MS, busy * MOST_OF_WORK);
  return gaps.filter((gap) => gap.until - gap.from > most).map((span) => ({ span, drawn: most }));
}
