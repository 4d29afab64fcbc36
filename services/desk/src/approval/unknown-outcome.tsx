// What is known of a call of which nobody knows whether it happened.
import { ProbeVerdict, type UnknownOutcome } from "@agentspan/proto";
import { Title } from "@mantine/core";
import type { ReactNode } from "react";
import { SafeText } from "../text/safe-text.js";
import { Time } from "./facts.js";

const CAUSES: Readonly<Record<string, string>> = {
  LEASE_ENDED: "its worker showed no life any more",
  DISOWNED: "its worker does not know of it any more",
  TIMED_OUT: "it ran past its time",
};
const VERDICTS: Readonly<Record<ProbeVerdict, string>> = {
  [ProbeVerdict.UNSPECIFIED]: "was not asked",
  [ProbeVerdict.HAPPENED]: "says that it happened",
  [ProbeVerdict.DID_NOT_HAPPEN]: "says that it had not happened when it looked",
  [ProbeVerdict.UNKNOWN]: "cannot tell",
  [ProbeVerdict.NO_ANSWER]: "gave no answer in time",
};

export function UnknownOutcomeView({
  known,
  nowMs,
}: {
  readonly known: UnknownOutcome;
  readonly nowMs: number;
}): ReactNode {
  const { attempt, workerId, grantedAt, cause, idempotencyKey, lastHeartbeatAt, probeVerdict, probeDetail } = known;
  return (
    <section className="card" aria-labelledby="unknown-title">
      <Title order={2} size="h4" id="unknown-title">
        What is known
      </Title>
      <p>It was let run, and {CAUSES[cause] ?? cause}. Nobody knows whether its effect is there.</p>
      <dl className="facts">
        <div>
          <dt>Began</dt>
          <dd>
            {grantedAt === undefined ? "at an unknown time" : <Time at={grantedAt} nowMs={nowMs} />}, attempt {attempt},
            on <SafeText text={workerId} />
          </dd>
        </div>
        {lastHeartbeatAt === undefined ? null : (
          <div>
            <dt>Last sign of life</dt>
            <dd>
              <Time at={lastHeartbeatAt} nowMs={nowMs} />
            </dd>
          </div>
        )}
        <div>
          <dt>Idempotency key</dt>
          <dd>
            <code className="digest">{idempotencyKey}</code> <span className="quiet">the receiver may know it</span>
          </dd>
        </div>
        <div>
          <dt>The tool's own probe</dt>
          <dd>
            {VERDICTS[probeVerdict]}
            {probeDetail === "" ? null : (
              <>
                : “<SafeText text={probeDetail} />”
              </>
            )}
          </dd>
        </div>
      </dl>
    </section>
  );
}
