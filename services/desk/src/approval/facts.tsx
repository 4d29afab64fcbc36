// What an approval is about, beside its arguments: who asked, why people are asked, until when, and who has voted.
import { type Approval, ApprovalKind, type Approvers, type RunStatus, type Tool } from "@agentspan/proto";
import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { runPath } from "../run/run-path.js";
import { fromNow, lasting } from "../text/reading.js";
import { LongText, SafeText } from "../text/safe-text.js";
import { outcomeWords, personOf } from "./decision.js";
import { useInput } from "./use-approval.js";

export interface FactsProps {
  readonly approval: Approval;
  readonly run: RunStatus | undefined;
  readonly tool: Tool | undefined;
  readonly nowMs: number;
}

export function Facts({ approval, run, tool, nowMs }: FactsProps): ReactNode {
  const input = useInput(approval.runId);
  const {
    runId,
    agentName,
    requestedAt,
    expiresAt,
    escalatedAt,
    votes,
    votesRequired,
    approvers,
    reason,
    argumentsDigest,
  } = approval;
  const isOpen = approval.decision === undefined;
  return (
    <dl className="facts">
      <Fact name="Agent">
        {agentName}{" "}
        <span className="quiet">
          run <Link href={runPath(runId)}>{runId}</Link>
        </span>
      </Fact>
      {tool === undefined || tool.description === "" ? null : (
        <Fact name="The tool says">
          <SafeText text={tool.description} />
        </Fact>
      )}
      {run === undefined || run.startedBy === "" ? null : (
        <Fact name="Asked by">
          <SafeText text={run.startedBy} />
        </Fact>
      )}
      {input === undefined || input === "" ? null : (
        <Fact name="What the run was asked">
          <LongText text={input} label="What the run was asked" />
        </Fact>
      )}
      {reason === "" ? null : (
        <Fact name="Why people are asked">
          <SafeText text={reason} />
        </Fact>
      )}
      {requestedAt === undefined ? null : (
        <Fact name="Waits since">
          <Time at={requestedAt} nowMs={nowMs} />
        </Fact>
      )}
      {isOpen ? (
        <Fact name="Can be decided until">
          {expiresAt === undefined ? "as long as it takes" : <Deadline at={expiresAt} nowMs={nowMs} />}
        </Fact>
      ) : null}
      {escalatedAt === undefined ? null : (
        <Fact name="Went to others">
          <Time at={escalatedAt} nowMs={nowMs} />, since nobody had decided
        </Fact>
      )}
      <Fact name="Who may decide">{approversWords(approvers)}</Fact>
      <Fact name="Votes">
        {quorumWords(approval)}
        {votes.length === 0 ? null : (
          <ul className="votes">
            {votes.map((vote) => (
              <li key={`${vote.who}/${vote.onBehalfOf}/${vote.at?.seconds}`}>
                <SafeText text={personOf({ by: vote.who, onBehalfOf: vote.onBehalfOf })} /> {outcomeWords(vote.what)}
                {vote.edited ? " with other arguments" : ""}
                {vote.comment === "" ? null : (
                  <>
                    : “<SafeText text={vote.comment} />”
                  </>
                )}
              </li>
            ))}
          </ul>
        )}
      </Fact>
      <Fact name="Bound to">
        <code className="digest">{argumentsDigest}</code>
        {votesRequired > 0 ? <span className="quiet"> of exactly these arguments</span> : null}
      </Fact>
    </dl>
  );
}

export function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }): ReactNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function Time({ at, nowMs }: { readonly at: Timestamp; readonly nowMs: number }): ReactNode {
  const ms = timestampMs(at);
  const local = new Date(ms).toLocaleString("en-GB", {
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
  });
  return (
    <time dateTime={new Date(ms).toISOString()}>
      {local} <span className="quiet">({fromNow(ms, nowMs)})</span>
    </time>
  );
}

const SOON_MS = 3_600_000;

function Deadline({ at, nowMs }: { readonly at: Timestamp; readonly nowMs: number }): ReactNode {
  const left = timestampMs(at) - nowMs;
  return (
    <>
      <Time at={at} nowMs={nowMs} />
      {left < SOON_MS ? (
        <strong className="soon"> {left > 0 ? `${lasting(left)} left` : "the time is over"}</strong>
      ) : null}
    </>
  );
}

function approversWords(approvers: Approvers | undefined): string {
  const users = approvers?.users ?? [];
  const groups = (approvers?.groups ?? []).map((group) => `the group ${group}`);
  const all = [...users, ...groups];
  return all.length === 0 ? "anybody who may approve" : all.join(", ");
}

function quorumWords({ kind, votes, votesRequired }: Approval): string {
  if (kind === ApprovalKind.QUESTION) return "one answer is enough";
  const needed = Math.max(1, votesRequired);
  if (kind === ApprovalKind.SETTLEMENT) {
    return needed > 1 ? `${votes.length} of ${needed} to run it again; anything else takes one` : "one is enough";
  }
  return needed > 1 ? `${votes.length} of ${needed} to approve; one rejection is enough` : "one is enough";
}
