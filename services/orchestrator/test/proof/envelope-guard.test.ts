import {
  createLogger,
  newSigningKey,
  type SigningKey,
  sealedEnvelope,
  signingKey,
  TrustedKeys,
} from "@agentspan/internal";
import { type Envelope, EnvelopeSchema } from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { EnvelopeGuard } from "../../src/proof/envelope-guard.js";

const [old, fresh, orchestrator] = [newSigningKey(), newSigningKey(), newSigningKey()];
const listed = ({ id, public: text }: typeof old) => ({ id, public: text });
const NOW = Date.parse("2026-06-01T12:00:00Z");
const lists = {
  gateways: [{ ...listed(old), retired_at: "2026-06-01T11:59:50Z" }, listed(fresh)],
  orchestrators: [listed(orchestrator)],
};
const read = TrustedKeys.read(JSON.stringify(lists));
if (!(read instanceof TrustedKeys)) throw new Error(read.faults.join("; "));
const trusted = read;

function guard() {
  const lines: string[] = [];
  const log = createLogger("guard", "warn", { write: (line: string) => lines.push(line) });
  let monotonicMs = 0;
  const clock = { now: () => NOW };
  const made = new EnvelopeGuard({ trusted, clock, log, quietMs: 60_000, monotonic: () => monotonicMs });
  return { guard: made, lines, pass: (ms: number) => (monotonicMs += ms) };
}

function sealed(key: SigningKey | undefined = signingKey(fresh.pem), at = NOW): Envelope {
  const caller = { subject: "ana", roles: ["approver"], groups: ["finance"], method: "jwt", credentialId: "i#1" };
  const said = {
    method: "RunService/Approve",
    namespace: "default",
    caller,
    body: Buffer.from("body"),
    traceparent: "",
  };
  return sealedEnvelope(said, key, at);
}

describe("an orchestrator with keys", () => {
  it("takes what a gateway has signed, within the times that clocks may be off", () => {
    const { guard: at } = guard();
    for (const off of [0, -60_000, 30_000])
      expect(() => at.require(sealed(signingKey(fresh.pem), NOW + off))).not.toThrow();
    expect(() => at.require(sealed(signingKey(old.pem), NOW - 15_000))).not.toThrow();
  });

  it.each<[string, Envelope, RegExp]>([
    ["nothing signed", create(EnvelopeSchema, { method: "RunService/Approve" }), /not signed/],
    ["too old", sealed(signingKey(fresh.pem), NOW - 60_001), /signed 60 s ago, more than 60 s/],
    ["of the future", sealed(signingKey(fresh.pem), NOW + 30_001), /gateway's clock is ahead/],
    ["signed by an orchestrator", sealed(signingKey(orchestrator.pem)), /that of an orchestrator/],
    ["signed with a retired key", sealed(signingKey(old.pem), NOW - 5_000), /retired/],
    ["with another method", { ...sealed(), method: "RunService/Reject" }, /not of what it says/],
    ["with another namespace", { ...sealed(), namespace: "acme" }, /not of what it says/],
    ["with another body", { ...sealed(), body: Buffer.from("other") }, /body is not what was signed/],
    ["without a caller", Object.assign(sealed(), { caller: undefined }), /not of what it says/],
  ])("refuses an envelope that is %s", (_, envelope, why) => {
    const { guard: at } = guard();
    expect(() => at.require(envelope)).toThrow(why);
    expect(() => at.require(envelope)).toThrow(expect.objectContaining({ reason: "PERMISSION_DENIED" }));
  });

  it.each(["subject", "method", "credentialId", "address"] as const)("refuses another caller's %s", (field) => {
    const envelope = sealed();
    if (envelope.caller !== undefined) envelope.caller[field] = "another";
    expect(() => guard().guard.require(envelope)).toThrow(/not of what it says/);
  });

  it.each(["roles", "groups"] as const)("refuses further %s of a caller", (field) => {
    const envelope = sealed();
    envelope.caller?.[field].push("admin");
    expect(() => guard().guard.require(envelope)).toThrow(/not of what it says/);
  });

  it("tells of the first in its log, and how many there were in a minute", () => {
    const { guard: at, lines, pass } = guard();
    const forge = () => expect(() => at.require({ ...sealed(), namespace: "acme" })).toThrow();
    for (let i = 0; i < 50; i += 1) forge();
    expect(lines).toHaveLength(1);
    pass(60_000);
    forge();
    expect(lines).toHaveLength(2);
    expect(JSON.parse(lines[1] ?? "{}")).toMatchObject({ level: "warn", since: 50, method: "RunService/Approve" });
  });
});
