// The rows of the inbox: only those in sight are in the page, however many there are.

import type { Approval } from "@agentspan/proto";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Badge } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { defaultRangeExtractor, type Range, useWindowVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, memo, type ReactNode, useCallback, useMemo, useRef, useState } from "react";
import { Link } from "wouter";
import { useKeys } from "../shell/use-keys.js";
import { useNow } from "../shell/use-now.js";
import { lasting } from "../text/reading.js";
import { keyOf, pathOf } from "./inbox.js";
import { KIND_COLORS, KIND_WORDS } from "./kinds.js";
import { summaryOf } from "./summary.js";

/** Three lines, of when and of votes, and what is around them. */
const ROW_PX = 76;
const NARROW_ROW_PX = 112;
const SOON_MS = 3_600_000;

export function InboxRows({ rows }: { readonly rows: readonly Approval[] }): ReactNode {
  const list = useRef<HTMLUListElement>(null);
  const isNarrow = useMediaQuery("(max-width: 48em)") ?? false;
  const [focusedKey, setFocusedKey] = useState("");
  const last = useRef(0);
  const found = useMemo(() => rows.findIndex((row) => keyOf(row) === focusedKey), [rows, focusedKey]);
  if (found >= 0) last.current = found;
  // Where the row has gone, one goes on from its place.
  const focused = found >= 0 ? found : last.current - 1;
  const nowMs = useNow(10_000);
  // A row that has the focus stays in the page when it is scrolled away.
  const rangeExtractor = useCallback(
    (range: Range) =>
      [...new Set([...(found >= 0 ? [found] : []), ...defaultRangeExtractor(range)])].sort((a, b) => a - b),
    [found],
  );
  const virtualizer = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => (isNarrow ? NARROW_ROW_PX : ROW_PX),
    overscan: 8,
    scrollMargin: list.current?.offsetTop ?? 0,
    getItemKey: (at) => {
      const row = rows[at];
      return row === undefined ? at : keyOf(row);
    },
    rangeExtractor,
  });
  const setFocusedAt = (at: number): void => {
    const row = rows[at];
    setFocusedKey(row === undefined ? "" : keyOf(row));
  };
  const goTo = (at: number): void => {
    const next = Math.max(0, Math.min(rows.length - 1, at));
    setFocusedAt(next);
    const row = (): HTMLElement | null => list.current?.querySelector<HTMLElement>(`[data-row="${next}"]`) ?? null;
    if (row() === null) {
      virtualizer.scrollToIndex(next);
      requestAnimationFrame(() => row()?.focus());
    } else row()?.focus();
  };
  useKeys({ j: () => goTo(focused + 1), k: () => goTo(focused - 1) });
  const onKeyDown = (event: KeyboardEvent): void => {
    const to = { ArrowDown: focused + 1, ArrowUp: focused - 1, Home: 0, End: rows.length - 1 }[event.key];
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    goTo(to);
  };
  return (
    <ul
      ref={list}
      className="rows"
      aria-label="What waits, oldest first"
      onKeyDown={onKeyDown}
      style={{ height: virtualizer.getTotalSize() }}
    >
      {virtualizer.getVirtualItems().map(({ index, key, start, size }) => {
        const row = rows[index];
        return row === undefined ? null : (
          <li
            key={key}
            aria-posinset={index + 1}
            aria-setsize={rows.length}
            style={{ height: size, transform: `translateY(${start - virtualizer.options.scrollMargin}px)` }}
          >
            <Row approval={row} at={index} nowMs={nowMs} onFocus={setFocusedKey} />
          </li>
        );
      })}
    </ul>
  );
}

interface RowProps {
  readonly approval: Approval;
  readonly at: number;
  readonly nowMs: number;
  readonly onFocus: (key: string) => void;
}

/** Drawn again where something of it is another, and not whenever the list moves. */
const Row = memo(function Row({ approval, at, nowMs, onFocus }: RowProps): ReactNode {
  const { kind, toolName, agentName, requestedAt, expiresAt, votes, votesRequired } = approval;
  const { parts, left } = summaryOf(approval);
  const expiresMs = expiresAt === undefined ? undefined : timestampMs(expiresAt) - nowMs;
  return (
    <Link href={pathOf(approval)} className="row" data-row={at} onFocus={() => onFocus(keyOf(approval))}>
      <span className="row-what">
        <Badge color={KIND_COLORS[kind]} variant="light">
          {KIND_WORDS[kind]}
        </Badge>
        <strong className="tool">{toolName}</strong>
        <span className="agent">{agentName}</span>
      </span>
      <span className="row-arguments">
        {parts.map(({ name, value }) => (
          <span className="argument" key={name}>
            {name === "" ? null : <span className="argument-name">{name} </span>}
            <bdi>{value}</bdi>
          </span>
        ))}
        {left > 0 ? <span className="argument-name">and {left} more</span> : null}
      </span>
      <span className="row-when">
        <span>{requestedAt === undefined ? "" : `waits ${lasting(nowMs - timestampMs(requestedAt))}`}</span>
        {expiresMs === undefined ? null : (
          <span className={expiresMs < SOON_MS ? "soon" : ""}>
            {expiresMs > 0 ? `${lasting(expiresMs)} left` : "expired"}
          </span>
        )}
        {votesRequired > 1 ? (
          <span>
            {votes.length} of {votesRequired} votes
          </span>
        ) : null}
      </span>
    </Link>
  );
});
