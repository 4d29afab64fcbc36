import { ProbeVerdict } from "@agentspan/proto";
import { describe, expect, it } from "vitest";
import { answered } from "../src/worker/probe-run.js";

const MAX = 1024 * 1024;

describe("what a probe returned", () => {
  it.each([
    [{ happened: true, result: { ref: 7 } }, ProbeVerdict.HAPPENED, '{"ref":7}'],
    [{ happened: true }, ProbeVerdict.HAPPENED, "null"],
    [{ happened: false }, ProbeVerdict.DID_NOT_HAPPEN, ""],
    [{ unknown: true }, ProbeVerdict.UNKNOWN, ""],
  ])("is told as it is: %j", (said, verdict, resultJson) => {
    expect(answered({ ...said, detail: "looked" }, MAX).value).toMatchObject({ verdict, resultJson, detail: "looked" });
  });

  it.each([
    [undefined],
    [null],
    [true],
    ["happened"],
    [{}],
    [{ happened: "no" }],
    [{ happened: 0 }],
    [{ happened: null }],
    [{ unknown: false }],
    [{ unknown: true, happened: false }],
    [{ happened: true, unknown: true }],
    [{ detail: "looked" }],
  ])("is never taken for a no where it is no clear answer: %j", (said) => {
    expect(() => answered(said, MAX)).toThrow(TypeError);
  });

  it("says nothing where the result cannot be written", () => {
    expect(() => answered({ happened: true, result: 7n }, MAX)).toThrow(/cannot be written/);
  });

  it("is cut where it has more bytes than a message takes", () => {
    const detail = "é".repeat(4_096);
    const { value } = answered({ happened: true, result: "x".repeat(MAX), detail }, MAX);
    expect(value).toMatchObject({ verdict: ProbeVerdict.HAPPENED, detail: "é".repeat(2_048) });
    expect(JSON.parse((value as { resultJson: string }).resultJson)).toMatchObject({ truncated: true });
  });
});
