// A run as a picture: what was done when, a row for each turn, call and pause. Each row says in words what its bar shows.
import { Switch, Title, VisuallyHidden } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, type ReactNode, useMemo, useRef, useState } from "react";
import { useRowFocus } from "../shell/use-row-focus.js";
import { oneLine } from "../text/characters.js";
import { lasting, shortly } from "../text/reading.js";
import { barWords, INTERRUPTION_SIGNS, lengthOf, OUTCOME_SIGNS, outcomeWordsOf } from "./bar-words.js";
import type { Bar, Doing } from "./bars.js";
import { type TimeScale, timeScale } from "./time-scale.js";

const ROW_PX = 30;
const NARROW_ROW_PX = 52;
const BAR_PX = 14;
const LABEL_CHARACTERS = 40;
/** A browser draws nothing that has no width; its outline can be seen. */
const LEAST = 0.0005;

/** What of a row's height each takes: what works is thick, and what waits its turn is a line. */
const SHAPES: Readonly<Record<Doing, { readonly y: number; readonly height: number; readonly fill?: string }>> = {
  model: { y: 3, height: 8 },
  queued: { y: 6, height: 2 },
  person: { y: 1, height: 12, fill: "url(#desk-hatch)" },
  running: { y: 1, height: 12 },
  probing: { y: 3, height: 8, fill: "url(#desk-dots)" },
  paused: { y: 5, height: 4 },
};

const LEGEND: readonly (readonly [Doing, string])[] = [
  ["model", "the model"],
  ["running", "runs"],
  ["person", "waits for a person"],
  ["queued", "waits its turn"],
  ["probing", "nobody knows"],
  ["paused", "paused"],
];

export interface PictureProps {
  readonly bars: readonly Bar[];
  /** Until when it is drawn: now, or the run's end. */
  readonly untilMs: number;
  /** Shows the event that a bar leads to. */
  readonly onShow: (sequence: bigint) => void;
}

export function Picture({ bars, untilMs, onShow }: PictureProps): ReactNode {
  const [shorten, setShorten] = useState(true);
  const scale = useMemo(() => timeScale(bars, untilMs, shorten), [bars, untilMs, shorten]);
  const used = useMemo(() => new Set(bars.flatMap((bar) => bar.stretches.map(({ doing }) => doing))), [bars]);
  return (
    <section className="card picture" aria-labelledby="picture-title">
      <div className="page-head">
        <Title order={2} size="h4" id="picture-title">
          What took how long
        </Title>
        <span className="stretch" />
        <Switch
          size="xs"
          label="Draw long waiting short"
          checked={shorten}
          onChange={(event) => setShorten(event.currentTarget.checked)}
        />
      </div>
      <Patterns />
      <ul className="legend" aria-label="What the bars mean">
        {LEGEND.filter(([doing]) => used.has(doing)).map(([doing, word]) => (
          <li key={doing}>
            <svg width="28" height={BAR_PX} aria-hidden="true">
              <BarPiece doing={doing} x="0" width="100%" />
            </svg>{" "}
            {word}
          </li>
        ))}
      </ul>
      <Axis scale={scale} />
      <Rows bars={bars} scale={scale} untilMs={untilMs} onShow={onShow} />
    </section>
  );
}

/** Named once, for every bar of the page. */
function Patterns(): ReactNode {
  return (
    <svg className="patterns" width="0" height="0" aria-hidden="true">
      <defs>
        <pattern id="desk-hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect className="hatch-ground" width="6" height="6" />
          <rect className="hatch-line" width="2.5" height="6" />
        </pattern>
        <pattern id="desk-dots" width="5" height="5" patternUnits="userSpaceOnUse">
          <circle className="dot" cx="2.5" cy="2.5" r="1.3" />
        </pattern>
      </defs>
    </svg>
  );
}

function Axis({ scale }: { readonly scale: TimeScale }): ReactNode {
  return (
    <div className="axis">
      <Moment ms={scale.from} />
      <span>
        {shortly(scale.until - scale.from)}
        {scale.shortened.length === 0
          ? null
          : `, of which ${shortly(scale.shortened.reduce((sum, { ms }) => sum + ms, 0))} of waiting are drawn short`}
      </span>
      <Moment ms={scale.until} />
    </div>
  );
}

function Moment({ ms }: { readonly ms: number }): ReactNode {
  const at = new Date(ms);
  return (
    <time dateTime={at.toISOString()} title={at.toLocaleString("en-GB")}>
      {at.toLocaleTimeString("en-GB")}
    </time>
  );
}

interface RowsProps extends PictureProps {
  readonly scale: TimeScale;
}

function Rows({ bars, scale, untilMs, onShow }: RowsProps): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const isNarrow = useMediaQuery("(max-width: 48em)") ?? false;
  const keys = useMemo(() => bars.map(({ kind, sequence }) => `${kind}/${sequence}`), [bars]);
  const focus = useRowFocus(list, keys);
  const size = isNarrow ? NARROW_ROW_PX : ROW_PX;
  const virtualizer = useVirtualizer({
    count: bars.length,
    getScrollElement: () => box.current,
    estimateSize: () => size,
    getItemKey: (at) => keys[at] ?? at,
    overscan: 6,
    rangeExtractor: focus.rangeExtractor,
  });
  return (
    <div ref={box} className="bars-box">
      <ul
        ref={list}
        className="bars"
        aria-label="Turns, calls and pauses, in the order in which they began"
        onKeyDown={(event) => focus.onKeyDown(event, (at) => virtualizer.scrollToIndex(at))}
        style={{ height: virtualizer.getTotalSize() }}
      >
        {virtualizer.getVirtualItems().map(({ index, key, start }) => {
          const bar = bars[index];
          return bar === undefined ? null : (
            <li
              key={key}
              aria-posinset={index + 1}
              aria-setsize={bars.length}
              style={{ height: size, transform: `translateY(${start}px)` }}
            >
              <button
                type="button"
                className="bar"
                data-row={index}
                onFocus={() => focus.onFocus(String(key))}
                onClick={() => onShow(bar.leadsTo)}
              >
                <BarRow bar={bar} scale={scale} untilMs={untilMs} />
              </button>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

const BarRow = memo(function BarRow({
  bar,
  scale,
  untilMs,
}: {
  readonly bar: Bar;
  readonly scale: TimeScale;
  readonly untilMs: number;
}): ReactNode {
  const { kind, label, outcome, stretches } = bar;
  return (
    <>
      <span className={kind === "call" ? "bar-label tool" : "bar-label"}>{oneLine(label, LABEL_CHARACTERS)}</span>
      <svg className="bar-line" width="100%" height={BAR_PX} aria-hidden="true">
        {scale.shortened.map(({ from, until, ms }) => (
          <rect className="short" key={from} x={percent(from)} width={percent(until - from)} y="0" height={BAR_PX}>
            <title>{lasting(ms)}</title>
          </rect>
        ))}
        {stretches.map(({ doing, from, until }, at) => (
          <BarPiece
            // biome-ignore lint/suspicious/noArrayIndexKey: stretches only become more, and two may begin at one moment.
            key={at}
            doing={doing}
            x={percent(scale.at(from))}
            width={percent(Math.max(LEAST, scale.at(until ?? untilMs) - scale.at(from)))}
          />
        ))}
        {stretches.map(({ until, interrupted }, at) =>
          interrupted === undefined ? null : (
            // biome-ignore lint/suspicious/noArrayIndexKey: as above.
            <text key={at} className="sign" x={percent(scale.at(until ?? untilMs))} y="11">
              {INTERRUPTION_SIGNS[interrupted]}
            </text>
          ),
        )}
      </svg>
      <span className={`bar-outcome ${outcome ?? "going-on"}`}>
        <span aria-hidden="true">{outcome === undefined ? "…" : OUTCOME_SIGNS[outcome]} </span>
        {outcomeWordsOf(bar)}, {shortly(lengthOf(bar, untilMs))}
        <VisuallyHidden>: {barWords(bar, untilMs)}. Show its events.</VisuallyHidden>
      </span>
    </>
  );
});

function BarPiece({
  doing,
  x,
  width,
}: {
  readonly doing: Doing;
  readonly x: string;
  readonly width: string;
}): ReactNode {
  const { fill, ...shape } = SHAPES[doing];
  return <rect className={`piece ${doing}`} x={x} width={width} {...shape} {...(fill === undefined ? {} : { fill })} />;
}

function percent(part: number): string {
  return `${(part * 100).toFixed(3)}%`;
}
