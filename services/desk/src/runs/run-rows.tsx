// The rows of the list of runs: only those in sight are in the page.
import { RunState, type RunStatus } from "@agentspan/proto";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { memo, type ReactNode, useMemo } from "react";
import { Link } from "wouter";
import { runPath } from "../run/run-path.js";
import { blockedWords, StateBadge } from "../run/run-states.js";
import { useNow } from "../shell/use-now.js";
import { WindowRows } from "../shell/window-rows.js";
import { oneLine } from "../text/characters.js";
import { fromNow, lasting } from "../text/reading.js";

const ROW_PX = 62;
const NARROW_ROW_PX = 100;
const NAME_CHARACTERS = 60;

export function RunRows({ runs }: { readonly runs: readonly RunStatus[] }): ReactNode {
  const keys = useMemo(() => runs.map(({ runId }) => runId), [runs]);
  const nowMs = useNow(5_000);
  return (
    <WindowRows label="Runs, newest first" className="rows" keys={keys} rowPx={ROW_PX} narrowRowPx={NARROW_ROW_PX}>
      {(at, onFocus) => {
        const run = runs[at];
        return run === undefined ? null : <Row run={run} at={at} nowMs={nowMs} onFocus={onFocus} />;
      }}
    </WindowRows>
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
