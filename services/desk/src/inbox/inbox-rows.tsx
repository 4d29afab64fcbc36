// The rows of the inbox: only those in sight are in the page, however many there are.

import type { Approval } from "@agentspan/proto";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Badge } from "@mantine/core";
import { memo, type ReactNode, useMemo } from "react";
import { Link } from "wouter";
import { runPath } from "../run/run-path.js";
import { useNow } from "../shell/use-now.js";
import { WindowRows } from "../shell/window-rows.js";
import { lasting } from "../text/reading.js";
import { keyOf, pathOf } from "./inbox.js";
import { KIND_COLORS, KIND_WORDS } from "./kinds.js";
import { SummaryParts } from "./summary-parts.js";

/** Three lines, of when and of votes, and what is around them. */
const ROW_PX = 76;
const NARROW_ROW_PX = 112;
const SOON_MS = 3_600_000;

export function InboxRows({ rows }: { readonly rows: readonly Approval[] }): ReactNode {
  const keys = useMemo(() => rows.map(keyOf), [rows]);
  const nowMs = useNow(10_000);
  return (
    <WindowRows
      label="What waits, oldest first"
      className="rows inbox"
      keys={keys}
      rowPx={ROW_PX}
      narrowRowPx={NARROW_ROW_PX}
    >
      {(at, onFocus) => {
        const row = rows[at];
        return row === undefined ? null : (
          <>
            <Row approval={row} at={at} nowMs={nowMs} onFocus={onFocus} />
            <Link href={runPath(row.runId)} className="row-run" aria-label={`The run of ${row.toolName}`}>
              Run
            </Link>
          </>
        );
      }}
    </WindowRows>
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
        <SummaryParts approval={approval} />
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
