// The events of a run, oldest first: only those in sight are in the page, however many there are.
import type { Event } from "@agentspan/proto";
import { NativeSelect, Title } from "@mantine/core";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import {
  memo,
  type ReactNode,
  type Ref,
  useCallback,
  useEffect,
  useImperativeHandle,
  useMemo,
  useRef,
  useState,
} from "react";
import { Link } from "wouter";
import { useKeys } from "../shell/use-keys.js";
import { useRowFocus } from "../shell/use-row-focus.js";
import { oneLine } from "../text/characters.js";
import { RawJson } from "../text/json-view.js";
import { EventBody, EventTime } from "./event-body.js";
import { EVENT_FILTERS, type EventFilter, filteredEvents } from "./event-filters.js";
import { eventLinks } from "./event-links.js";
import { eventWords } from "./event-words.js";

const ROW_PX = 40;
const SUMMARY_CHARACTERS = 160;
const WHAT_CHARACTERS = 200;

export interface TimelineHandle {
  /** Opens an event, and goes to it. */
  readonly show: (sequence: bigint) => void;
}

export interface TimelineProps {
  readonly events: readonly Event[];
  /** What is known of them: "Live". */
  readonly standing: string;
  readonly nowMs: number;
  readonly ref: Ref<TimelineHandle>;
}

export function Timeline({ events, standing, nowMs, ref }: TimelineProps): ReactNode {
  const [filter, setFilter] = useState<EventFilter>("all");
  const [target, setTarget] = useState<{ readonly sequence: bigint }>();
  useImperativeHandle(
    ref,
    () => ({
      show: (sequence) => {
        setFilter("all");
        setTarget({ sequence });
      },
    }),
    [],
  );
  const shown = useMemo(() => filteredEvents(events, filter), [events, filter]);
  return (
    <section className="events" aria-labelledby="events-title">
      <div className="page-head">
        <Title order={2} size="h4" id="events-title">
          What happened
        </Title>
        <span className="count">
          {countWords(shown.length, events.length)}, <span role="status">{standing}</span>
        </span>
        <span className="stretch" />
        <NativeSelect
          size="xs"
          aria-label="Which events"
          value={filter}
          onChange={(event) => {
            const chosen = EVENT_FILTERS.find(({ value }) => value === event.currentTarget.value);
            if (chosen !== undefined) setFilter(chosen.value);
          }}
          data={[...EVENT_FILTERS]}
        />
      </div>
      {shown.length === 0 ? (
        <p className="nothing">{events.length === 0 ? "Nothing is known yet." : "Nothing that happened fits."}</p>
      ) : (
        <EventRows events={shown} target={target} nowMs={nowMs} />
      )}
    </section>
  );
}

function countWords(shown: number, all: number): string {
  const count = (number: number): string => number.toLocaleString("en");
  return shown === all ? `${count(all)} ${all === 1 ? "event" : "events"}` : `${count(shown)} of ${count(all)} events`;
}

interface EventRowsProps {
  readonly events: readonly Event[];
  readonly target: { readonly sequence: bigint } | undefined;
  readonly nowMs: number;
}

function EventRows({ events, target, nowMs }: EventRowsProps): ReactNode {
  const list = useRef<HTMLOListElement>(null);
  const keys = useMemo(() => events.map(({ sequence }) => String(sequence)), [events]);
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const focus = useRowFocus(list, keys);
  const virtualizer = useWindowVirtualizer({
    count: events.length,
    estimateSize: () => ROW_PX,
    overscan: 10,
    scrollMargin: list.current?.offsetTop ?? 0,
    getItemKey: (at) => keys[at] ?? at,
    rangeExtractor: focus.rangeExtractor,
  });
  const scrollTo = (at: number): void => virtualizer.scrollToIndex(at, { align: "center" });
  useKeys({ j: () => focus.goTo(focus.at + 1, scrollTo), k: () => focus.goTo(focus.at - 1, scrollTo) });
  const toggle = useCallback(
    (key: string) =>
      setOpen((before) => {
        const after = new Set(before);
        if (!after.delete(key)) after.add(key);
        return after;
      }),
    [],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: only when somebody wants to see an event.
  useEffect(() => {
    if (target === undefined) return;
    const key = String(target.sequence);
    setOpen((before) => new Set([...before, key]));
    focus.goTo(keys.indexOf(key), scrollTo);
  }, [target]);
  return (
    <ol
      ref={list}
      className="event-rows"
      aria-label="Events, oldest first"
      onKeyDown={(event) => focus.onKeyDown(event, scrollTo)}
      style={{ height: virtualizer.getTotalSize() }}
    >
      {virtualizer.getVirtualItems().map(({ index, key, start }) => {
        const event = events[index];
        return event === undefined ? null : (
          <li
            key={key}
            ref={virtualizer.measureElement}
            data-index={index}
            aria-posinset={index + 1}
            aria-setsize={events.length}
            style={{ transform: `translateY(${start - virtualizer.options.scrollMargin}px)` }}
          >
            <EventRow
              event={event}
              at={index}
              isOpen={open.has(String(key))}
              // Only what is open tells times from now.
              nowMs={open.has(String(key)) ? nowMs : 0}
              onToggle={toggle}
              onFocus={focus.onFocus}
            />
          </li>
        );
      })}
    </ol>
  );
}

interface EventRowProps {
  readonly event: Event;
  readonly at: number;
  readonly isOpen: boolean;
  readonly nowMs: number;
  readonly onToggle: (key: string) => void;
  readonly onFocus: (key: string) => void;
}

const EventRow = memo(function EventRow({ event, at, isOpen, nowMs, onToggle, onFocus }: EventRowProps): ReactNode {
  const key = String(event.sequence);
  const words = eventWords(event);
  const links = eventLinks(event);
  const summary = words.text || words.json || "";
  return (
    <div className={words.isTrouble === true ? "event trouble" : "event"}>
      <button
        type="button"
        className="event-head"
        data-row={at}
        aria-expanded={isOpen}
        onFocus={() => onFocus(key)}
        onClick={() => onToggle(key)}
      >
        <span className="quiet event-number">{key}</span>
        <EventTime event={event} />
        <span className="event-what">{oneLine(words.what, WHAT_CHARACTERS)}</span>
        {isOpen || summary === "" ? null : (
          <bdi className="quiet event-summary">{oneLine(summary, SUMMARY_CHARACTERS)}</bdi>
        )}
      </button>
      {isOpen ? (
        <div className="event-body">
          <EventBody words={words} nowMs={nowMs} />
          {words.json === undefined || words.json === "" ? null : <RawJson text={words.json} />}
          {summary === "" && links.length === 0 ? <p className="quiet">There is no more to it.</p> : null}
          {links.length === 0 ? null : (
            <p className="row-of-buttons">
              {links.map(({ href, label }) => (
                <Link key={href} href={href}>
                  {label}
                </Link>
              ))}
            </p>
          )}
        </div>
      ) : null}
    </div>
  );
});
