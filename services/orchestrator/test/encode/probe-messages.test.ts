// What the public messages say of probes and of a call whose outcome is unknown.
import { ProbeVerdict } from "@agentspan/proto";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import type { Fact, UnknownAttempt } from "../../src/core/index.js";
import { encodeEvent } from "../../src/encode/event.js";

const LOST: UnknownAttempt = {
  attempt: 2,
  nonce: "n1",
  workerId: "w1",
  incarnation: "w1-1",
  grantedAt: 1_000,
  cause: "LEASE_ENDED",
};

function encoded(fact: Fact) {
  return encodeEvent(
    "run_1",
    "desk",
    { sequence: 9, at: 5_000, by: "orc_1", fact },
    { arguments: () => '{"n":1}', at: () => undefined },
  ).event;
}

describe("the public event", () => {
  it("of a probe that is asked says what is known of the attempt, and until when", () => {
    const unknown = { ...LOST, lastHeartbeatAt: 4_000 };
    const event = encoded({ type: "probing", callId: "t1c1", tool: "refund", unknown, until: 35_000 });
    if (event.case !== "probing") throw new Error(`It is ${event.case}.`);
    const { unknownOutcome, until, ...call } = event.value;
    expect(call).toMatchObject({ callId: "t1c1", toolName: "refund" });
    expect(until && timestampMs(until)).toBe(35_000);
    expect(unknownOutcome).toMatchObject({ attempt: 2, workerId: "w1", cause: "LEASE_ENDED" });
    expect(unknownOutcome?.idempotencyKey).toBe("run_1-t1c1");
    expect(unknownOutcome?.lastHeartbeatAt && timestampMs(unknownOutcome.lastHeartbeatAt)).toBe(4_000);
    expect(unknownOutcome?.probeVerdict).toBe(ProbeVerdict.UNSPECIFIED);
    expect(
      JSON.stringify(unknownOutcome, (_, value) => (typeof value === "bigint" ? String(value) : value)),
    ).not.toMatch(/n1|w1-1/);
  });

  it.each([
    ["HAPPENED", ProbeVerdict.HAPPENED],
    ["DID_NOT_HAPPEN", ProbeVerdict.DID_NOT_HAPPEN],
    ["UNKNOWN", ProbeVerdict.UNKNOWN],
  ] as const)("of a probe that answered %s says so, and who asked it", (verdict, shown) => {
    const answered = { type: "probe_answered", callId: "t1c1", tool: "refund", attempt: 2, workerId: "w2" } as const;
    const event = encoded({ ...answered, verdict, detail: "looked" });
    const said = { verdict: shown, workerId: "w2", toolName: "refund", attempt: 2, detail: "looked", runsAgain: false };
    expect(event).toMatchObject({ case: "probeAnswered", value: said });
    expect(encoded({ ...answered, verdict, detail: "", runsAgain: true }).value).toMatchObject({ runsAgain: true });
  });

  it.each([[true], [false]])("of a result says whether a probe found it out: %s", (byProbe) => {
    const outcome = { kind: "result", text: "1" } as const;
    const by = byProbe ? ({ by: "probe" } as const) : { nonce: "n1" };
    const event = encoded({ type: "tool_result", callId: "t1c1", tool: "refund", attempt: 2, ...by, outcome });
    expect(event).toMatchObject({ case: "toolResult", value: { byProbe, outcome: { value: "1" } } });
  });

  it.each([
    ["UNKNOWN", ProbeVerdict.UNKNOWN],
    ["NO_ANSWER", ProbeVerdict.NO_ANSWER],
  ] as const)("of a settlement shows that its probe said %s", (verdict, shown) => {
    const unknown = { ...LOST, probe: { verdict, detail: "the ledger is down" } };
    const asked = { type: "waiting", approvalId: "set_1", kind: "SETTLEMENT", callId: "t1c1", tool: "refund" } as const;
    const more = { digest: "sha256:1", votesRequired: 1, explicit: false, reason: "Nobody knows." };
    const event = encoded({ ...asked, ...more, unknown });
    if (event.case !== "waiting") throw new Error(`It is ${event.case}.`);
    const { unknownOutcome } = event.value.approval ?? {};
    expect(unknownOutcome).toMatchObject({ probeVerdict: shown, probeDetail: "the ledger is down" });
    expect(unknownOutcome?.lastHeartbeatAt).toBeUndefined();
  });
});
