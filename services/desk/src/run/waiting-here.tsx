// What of a run waits for people, each with a link to its page.
import type { Approval } from "@agentspan/proto";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Badge, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { keyOf, pathOf } from "../inbox/inbox.js";
import { KIND_COLORS, KIND_WORDS } from "../inbox/kinds.js";
import { SummaryParts } from "../inbox/summary-parts.js";
import { Some } from "../text/json-view.js";
import { lasting } from "../text/reading.js";

export interface WaitingHereProps {
  readonly approvals: readonly Approval[];
  readonly runId: string;
  readonly nowMs: number;
}

/** Nothing where nothing waits. */
export function WaitingHere({ approvals, runId, nowMs }: WaitingHereProps): ReactNode {
  if (approvals.length === 0) return null;
  return (
    <section className="card" aria-labelledby="waiting-title">
      <Title order={2} size="h4" id="waiting-title">
        Waits for people
      </Title>
      <Some of={approvals} what="approvals">
        {(some) => (
          <ul className="short-rows">
            {some.map((approval) => (
              <li key={keyOf(approval)}>
                <Badge color={KIND_COLORS[approval.kind]} variant="light">
                  {KIND_WORDS[approval.kind]}
                </Badge>{" "}
                <Link href={pathOf(approval)} className="tool">
                  {approval.toolName}
                </Link>{" "}
                <SummaryParts approval={approval} />{" "}
                <span className="quiet">
                  {approval.runId === runId ? "" : `in a run of ${approval.agentName}, `}
                  {approval.requestedAt === undefined
                    ? ""
                    : `waits ${lasting(nowMs - timestampMs(approval.requestedAt))}`}
                </span>
              </li>
            ))}
          </ul>
        )}
      </Some>
    </section>
  );
}
