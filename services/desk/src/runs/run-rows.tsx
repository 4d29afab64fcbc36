// The rows of the list of runs: only those in sight are in the page.
import { RunState, type RunStatus } from "@agentspan/proto";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { useMediaQuery } from "@mantine/hooks";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { memo, type ReactNode, useMemo, useRef } from "react";
import { Link } from "wouter";
import { runPath } from "../run/run-path.js";
import { blockedWords, StateBadge } from "../run/run-states.js";
import { useKeys } from "../shell/use-keys.js";
import { useNow } from "../shell/use-now.js";
import { useRowFocus } from "../shell/use-row-focus.js";
import { oneLine } from "../text/characters.js";
import { fromNow, lasting } from "../text/reading.js";

const ROW_PX = 62;
const NARROW_ROW_PX = 100;
const NAME_CHARACTERS = 60;

export function RunRows({ runs }: { readonly runs: readonly RunStatus[] }): ReactNode {
  const list = useRef<HTMLUListElement>(null);
  const isNarrow = useMediaQuery("(max-width: 48em)") ?? false;
  const nowMs = useNow(5_000);
  const keys = useMemo(() => runs.map(({ runId }) => runId), [runs]);
  const focus = useRowFocus(list, keys);
  const size = isNarrow ? NARROW_ROW_PX : ROW_PX;
  const virtualizer = useWindowVirtualizer({
    count: runs.length,
    estimateSize: () => size,
    overscan: 8,
    scrollMargin: list.current?.offsetTop ?? 0,
    getItemKey: (at) => keys[at] ?? at,
    rangeExtractor: focus.rangeExtractor,
  });
  const scrollTo = (at: number): void => virtualizer.scrollToIndex(at);
  useKeys({ j: () => focus.goTo(focus.at + 1, scrollTo), k: () => focus.goTo(focus.at - 1, scrollTo) });
  return (
    <ul
      ref={list}
      className="rows"
      aria-label="Runs, newest first"
      onKeyDown={(event) => focus.onKeyDown(event, scrollTo)}
      style={{ height: virtualizer.getTotalSize() }}
    >
      {virtualizer.getVirtualItems().map(({ index, key, start }) => {
        const run = runs[index];
        return run === undefined ? null : (
          <li
            key={key}
            aria-posinset={index + 1}
            aria-setsize={runs.length}
            style={{ height: size, transform: `translateY(${start - virtualizer.options.scrollMargin}px)` }}
          >
            <Row run={run} at={index} nowMs={nowMs} onFocus={focus.onFocus} />
          </li>
        );
      })}
    </ul>
  );
}

interface RowProps {
  readonly run: RunStatus;
  readonly at: number;
  readonly nowMs: number;
  readonly onFocus: (key: string) => void;
}

const Row = memo(function Row({ run, at, nowMs, onFocus }: RowProps): ReactNode {
  const { runId, state, agentName, startedBy, createdAt, endedAt, error, isWaiting, lastSequence, parentRunId } = run;
  const blocked = blockedWords(run);
  const begunMs = createdAt === undefined ? undefined : timestampMs(createdAt);
  const notes = [
    startedBy === "" ? "" : `started by ${oneLine(startedBy, NAME_CHARACTERS)}`,
    parentRunId === "" ? "" : "by another run",
    // What the state does not say already.
    isWaiting && state !== RunState.WAITING ? "waits for people" : "",
    error === undefined || state === RunState.CANCELLED ? "" : error.reason,
    ...blocked,
  ].filter((note) => note !== "");
  return (
    <Link href={runPath(runId)} className="row run-row" data-row={at} onFocus={() => onFocus(runId)}>
      <span className="row-what">
        <StateBadge state={state} />
        <strong>{agentName}</strong>
      </span>
      <span className="row-arguments">
        <span className="argument-name">{runId}</span>
        <span className="argument">{notes.join(", ")}</span>
      </span>
      <span className="row-when">
        <span>{begunMs === undefined ? "" : fromNow(begunMs, nowMs)}</span>
        <span>
          {begunMs === undefined
            ? ""
            : `${lasting((endedAt === undefined ? nowMs : timestampMs(endedAt)) - begunMs)}, `}
          {lastSequence.toLocaleString("en")} events
        </span>
      </span>
    </Link>
  );
});
