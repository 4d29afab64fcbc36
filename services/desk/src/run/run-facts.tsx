// Who started a run, of which agent, since when, and what it has used.

import type { Event, RunStatus } from "@agentspan/proto";
import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { agentPath } from "../agents/agent-path.js";
import { Fact, Time } from "../approval/facts.js";
import { oneLine } from "../text/characters.js";
import { lasting } from "../text/reading.js";
import { SafeText } from "../text/safe-text.js";
import { runPath } from "./run-path.js";

/** Enough to tell one from another. */
const VERSION_CHARACTERS = 13;

export interface RunFactsProps {
  readonly run: RunStatus;
  /** The one that it began with; undefined before it is known. */
  readonly first: Event | undefined;
  readonly nowMs: number;
}

export function RunFacts({ run, first, nowMs }: RunFactsProps): ReactNode {
  const { runId, agentName, agentVersion, startedBy, createdAt, endedAt, updatedAt, parentRunId, rootRunId } = run;
  const started = first?.event.case === "runStarted" ? first.event.value : undefined;
  const labels = Object.entries(run.labels);
  return (
    <dl className="facts">
      <Fact name="Run">
        <code className="digest">{runId}</code>
      </Fact>
      <Fact name="Agent">
        <Link href={agentPath(agentName, agentVersion)}>{agentName}</Link>{" "}
        <span className="quiet" title={agentVersion}>
          version {oneLine(agentVersion, VERSION_CHARACTERS)}
        </span>
      </Fact>
      {startedBy === "" ? null : (
        <Fact name="Started by">
          <SafeText text={startedBy} />
          {started === undefined || started.onBehalfOf === "" ? null : (
            <>
              {" "}
              for <SafeText text={started.onBehalfOf} />
            </>
          )}
        </Fact>
      )}
      {createdAt === undefined ? null : (
        <Fact name="Started">
          <Time at={createdAt} nowMs={nowMs} />
        </Fact>
      )}
      {endedAt === undefined ? null : (
        <Fact name="Ended">
          <Time at={endedAt} nowMs={nowMs} />
          {createdAt === undefined ? null : <span className="quiet"> after {lengthBetween(createdAt, endedAt)}</span>}
        </Fact>
      )}
      {endedAt !== undefined || updatedAt === undefined ? null : (
        <Fact name="Last changed">
          <Time at={updatedAt} nowMs={nowMs} />
        </Fact>
      )}
      {parentRunId === "" ? null : (
        <Fact name="Started by the run">
          <Link href={runPath(parentRunId)}>{parentRunId}</Link>
          {rootRunId === "" || rootRunId === parentRunId ? null : (
            <>
              , first of all <Link href={runPath(rootRunId)}>{rootRunId}</Link>
            </>
          )}
        </Fact>
      )}
      {labels.length === 0 ? null : (
        <Fact name="Labels">
          {labels.map(([name, value]) => (
            <span className="argument" key={name}>
              <span className="argument-name">
                <SafeText text={name} />
              </span>{" "}
              <SafeText text={value} />
            </span>
          ))}
        </Fact>
      )}
    </dl>
  );
}

function lengthBetween(from: Timestamp, until: Timestamp): string {
  return lasting(timestampMs(until) - timestampMs(from));
}
