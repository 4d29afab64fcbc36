// What became of a checkpoint, and of what somebody just decided about it.

import { type Approval, DecisionOutcome } from "@agentspan/proto";
import { Alert, Button } from "@mantine/core";
import { type ReactNode, useEffect, useRef } from "react";
import { Link } from "wouter";
import { refusalOf } from "../api/refusal.js";
import { fromNow } from "../text/reading.js";
import { SafeText } from "../text/safe-text.js";
import { doneWords, outcomeWords, personOf } from "./decision.js";
import { Differences } from "./differences.js";
import { Time } from "./facts.js";
import type { Deciding } from "./use-decision.js";

/** After one's own decision: what it did, and where to go on. */
export function Done({
  done,
  next,
}: {
  readonly done: NonNullable<Deciding["done"]>;
  readonly next: string | undefined;
}): ReactNode {
  const go = useRef<HTMLAnchorElement>(null);
  useEffect(() => go.current?.focus(), []);
  return (
    <Alert
      color={done.choice.verb === "reject" ? "orange" : "green"}
      title={doneWords(done.choice, done.answer)}
      role="status"
    >
      <div className="row-of-buttons">
        {next === undefined ? null : (
          <Button component={Link} href={next} ref={go}>
            Next that waits
          </Button>
        )}
        <Button component={Link} href="/" variant="default" {...(next === undefined ? { ref: go } : {})}>
          Back to the inbox
        </Button>
      </div>
    </Alert>
  );
}

/** A checkpoint that is closed, whoever closed it. */
export function Closed({ approval, nowMs }: { readonly approval: Approval; readonly nowMs: number }): ReactNode {
  const { decision } = approval;
  if (decision === undefined) {
    return (
      <Alert color="orange" title="This is not open any more" role="status">
        Nobody decided it: its time was over, its run ended, or it was withdrawn.{" "}
        <Link href="/">Back to the inbox</Link>
      </Alert>
    );
  }
  const person = personOf({ by: decision.decidedBy, onBehalfOf: decision.onBehalfOf });
  return (
    <Alert
      color={decision.outcome === DecisionOutcome.REJECTED ? "orange" : "green"}
      title={`This was ${outcomeWords(decision.outcome)}`}
      role="status"
    >
      <p>
        By{" "}
        <strong>
          <SafeText text={person} />
        </strong>
        {decision.decidedAt === undefined ? null : (
          <>
            , <Time at={decision.decidedAt} nowMs={nowMs} />
          </>
        )}
        {decision.ground === undefined ? null : <>, by the standing grant {decision.ground.grantId}</>}.
        {decision.comment === "" ? null : (
          <>
            {" "}
            “<SafeText text={decision.comment} />”
          </>
        )}
      </p>
      {decision.editedArgumentsJson === "" ? null : (
        <Differences
          before={approval.argumentsJson}
          after={decision.editedArgumentsJson}
          words={["Asked for", "Approved"]}
        />
      )}
    </Alert>
  );
}

/** Why what somebody just decided was not taken. */
export function NotTaken({
  error,
  nowMs,
  onAgain,
}: {
  readonly error: Error;
  readonly nowMs: number;
  readonly onAgain: () => void;
}): ReactNode {
  const { reason, message, metadata, fields } = refusalOf(error);
  if (reason === "ALREADY_DECIDED") {
    const { winner = "somebody", outcome = "decided", time } = metadata;
    return (
      <Alert color="red" title="Somebody was faster" role="alert">
        <strong>
          <SafeText text={winner} />
        </strong>{" "}
        had {outcomeWord(outcome)} it{time === undefined ? "" : ` ${fromNow(Number(time), nowMs)}`}. What you decided
        was not recorded and changes nothing.
      </Alert>
    );
  }
  const title = TITLES[reason] ?? "Your decision was not taken";
  return (
    <Alert color="red" title={title} role="alert">
      <p>
        <SafeText text={message} />
      </p>
      {fields.length === 0 ? null : (
        <ul className="notes">
          {fields.map(({ field, description }) => (
            <li key={`${field}/${description}`}>
              <SafeText text={field} />: <SafeText text={description} />
            </li>
          ))}
        </ul>
      )}
      <Button size="compact-sm" variant="default" onClick={onAgain}>
        Decide again
      </Button>
    </Alert>
  );
}

const TITLES: Readonly<Record<string, string>> = {
  ARGUMENTS_CHANGED: "It is about something else by now. Look at it again.",
  SELF_APPROVAL: "You started this run. Somebody else must approve it.",
  PERMISSION_DENIED: "You may not decide this",
  APPROVAL_EXPIRED: "The time to decide is over",
  RUN_ENDED: "The run has ended",
  INVALID_ARGUMENTS: "What you wrote does not fit",
  BUS_UNAVAILABLE: "The server could not be reached. Nothing is known to be recorded.",
};

function outcomeWord(outcome: string): string {
  const word = outcome.toLowerCase().replaceAll("_", " ");
  return word === "responded" ? "answered" : word;
}
