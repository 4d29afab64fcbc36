// Replays one run. First against the definition that it was pinned to: so it is found out which commands brought its
// events about, and whether this program can replay it at all. Then the same commands against another definition, until
// something else comes of one.
import type { Agent, Answer, Rejection } from "@agentspan/orchestrator/core";
import type { MappedEvent } from "../../event-mapping.js";
import { eventWords } from "../event-lines.js";
import { causesOf, type Place } from "./causes.js";
import { type Comparison, compareEvents, type FieldDifference } from "./comparison.js";
import { CorePlay, type Played, type Step } from "./core-play.js";
import { HistoryError } from "./history-file.js";
import { ownersIn } from "./owners.js";
import type { RecordedRun } from "./recorded-run.js";

export interface RecordedStep extends Step {
  /** The first event that came of it, as a place in the record. */
  readonly index: number;
  /** How many did. */
  readonly count: number;
}

/** Where a run goes otherwise. */
export interface Divergence {
  readonly step: RecordedStep;
  /** What was recorded and does not happen; undefined where something happens after all that was recorded. */
  readonly recorded: MappedEvent | undefined;
  /** What happens instead; undefined where nothing does. */
  readonly now: MappedEvent | undefined;
  /** All that comes of the step now. */
  readonly events: readonly MappedEvent[];
  readonly answer: Answer | Rejection;
  readonly fields: readonly FieldDifference[];
  /** It comes by time, before what was recorded. */
  readonly sooner?: true;
}

/** What other words there were, though nothing else was. */
export interface OtherWords extends FieldDifference {
  readonly event: MappedEvent;
}

export interface Steps {
  readonly steps: readonly RecordedStep[];
  /** Words that are others by its own definition too, such as of arguments that were too long to be kept. */
  readonly words: readonly OtherWords[];
}

/** The commands that a run was made of. Throws HistoryError where that cannot be told. */
export function stepsOf(record: RecordedRun, pinned: Agent): Steps {
  const owners = ownersIn(record, pinned);
  const play = new CorePlay(pinned);
  const steps: RecordedStep[] = [];
  const words: OtherWords[] = [];
  for (let index = 0; index < record.events.length; ) {
    const event = record.at(index);
    if (event === undefined) break;
    const step = causeOf({ record, index, run: play.run, owners, agent: pinned }, event, play, words);
    steps.push(step);
    index += step.count;
  }
  return { steps, words };
}

function causeOf(place: Place, event: MappedEvent, play: CorePlay, words: OtherWords[]): RecordedStep {
  const { record, index } = place;
  const at = event.at?.getTime() ?? 0;
  const entropy = record.entropyFrom(index) ?? "none";
  let instead: Played | undefined;
  for (const command of causesOf(place, event)) {
    const step = { command, at, entropy };
    const played = play.play(step);
    const { events } = played;
    const other: OtherWords[] = [];
    const found = { ...step, index, count: events.length };
    if (events.length > 0 && firstDivergence(record, found, played, other) === undefined) {
      played.keep();
      words.push(...other);
      return found;
    }
    instead ??= played;
  }
  throw unreplayable(record, event, instead);
}

function unreplayable(record: RecordedRun, event: MappedEvent, instead: Played | undefined): HistoryError {
  const what = `Run ${record.head.runId} cannot be replayed from event ${event.sequence} on (${eventWords(event)})`;
  if (event.type === "unknown") {
    return new HistoryError(
      `${what}: this program does not know events of its kind. Use the version that recorded it.`,
    );
  }
  if (event.type === "ending" && event.reason === "SIZE_LIMIT") {
    return new HistoryError(`${what}: it ended for its size, and what was too large was not kept.`);
  }
  const happens = instead?.events[0];
  const now = happens === undefined ? "" : ` Even its own definition gives here: ${eventWords(happens)}.`;
  const why = "The file was changed, or another version of Agentspan wrote it, or it went by what no event tells";
  return new HistoryError(`${what}.${now} ${why}.`);
}

/** What comes of the same commands, and of the time between them, by another definition. */
export function playAgain(
  record: RecordedRun,
  { steps, words: before }: Steps,
  pinned: Agent,
  today: Agent,
): { readonly divergence: Divergence | undefined; readonly words: readonly OtherWords[] } {
  const play = new CorePlay(today);
  const beside = new CorePlay(pinned);
  const words: OtherWords[] = [];
  for (const step of steps) {
    const sooner = endedSooner(record, step, play, beside);
    if (sooner !== undefined) return { divergence: sooner, words: added(words, before) };
    beside.play(step).keep();
    const played = play.play(step);
    const divergence = firstDivergence(record, step, played, words);
    if (divergence !== undefined) return { divergence, words: added(words, before) };
    played.keep();
  }
  return { divergence: undefined, words: added(words, before) };
}

/**
 * What ends by time before a step, and did not by the definition of then. Where it was due by both, nobody had looked yet:
 * sweepers come by when they can.
 */
function endedSooner(
  record: RecordedRun,
  step: RecordedStep,
  play: CorePlay,
  beside: CorePlay,
): Divergence | undefined {
  const then = beside.dueBy(step.at);
  const sooner = [...play.dueBy(step.at)].filter(([key]) => !then.has(key)).map(([, due]) => due);
  if (sooner.length === 0) return undefined;
  const { answer, events } = play.play({ ...step, command: { type: "tick" }, at: Math.min(...sooner) });
  const [now] = events;
  const recorded = record.at(step.index);
  if (now === undefined || recorded === undefined) return undefined;
  const fields = now.type === recorded.type ? comparisonOf(record, recorded, now).fields : [];
  if (now.type === recorded.type && fields.length === 0) return undefined;
  return { step, recorded, now, events, answer, fields, sooner: true };
}

function added(words: readonly OtherWords[], before: readonly OtherWords[]): readonly OtherWords[] {
  return words.filter(({ event, path, now }) => {
    return !before.some((known) => known.event === event && known.path === path && known.now === now);
  });
}

function firstDivergence(
  record: RecordedRun,
  step: RecordedStep,
  { events, answer }: Played,
  words: OtherWords[],
): Divergence | undefined {
  const { index, count } = step;
  const most = Math.max(count, events.length);
  for (let at = 0; at < most; at += 1) {
    const now = events[at];
    const recorded = at < count || now !== undefined ? record.at(index + at) : undefined;
    const about = { step, recorded, now, events, answer };
    if (now === undefined || recorded === undefined || at >= count) return { ...about, fields: [] };
    if (now.type !== recorded.type) return { ...about, fields: [] };
    const compared = comparisonOf(record, recorded, now);
    if (compared.fields.length > 0) return { ...about, fields: compared.fields };
    words.push(...compared.words.map((field) => ({ ...field, event: recorded })));
  }
  return undefined;
}

function comparisonOf(record: RecordedRun, recorded: MappedEvent, now: MappedEvent): Comparison {
  const call = "callId" in recorded ? record.call(recorded.callId) : undefined;
  return compareEvents(recorded, now, call?.refused !== undefined);
}
