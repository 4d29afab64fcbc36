import {
  AgentspanError,
  type ErrorDetail,
  fromErrorDetails,
  fromStatusBytes,
  toErrorDetails,
  toldMessage,
  toStatusBytes,
} from "@agentspan/internal";
import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";

const packed = ({ desc, value }: ErrorDetail) => ({ type: desc.typeName, value: toBinary(desc, create(desc, value)) });

describe("error details", () => {
  const full = new AgentspanError("LIMIT_EXCEEDED", "The input is too large.", {
    metadata: { limit: "inputBytes", size: "300000" },
    fields: [{ field: "input", description: "is 300000 bytes" }],
    retryAfterMs: 1_500,
  });

  it("come back as the error they were made from", () => {
    const back = fromErrorDetails(full.message, toErrorDetails(full).map(packed));
    expect(back).toMatchObject({
      reason: "LIMIT_EXCEEDED",
      message: "The input is too large.",
      metadata: { limit: "inputBytes", size: "300000" },
      fields: [{ field: "input", description: "is 300000 bytes" }],
      retryAfterMs: 1_500,
    });
  });

  it("come back from a google.rpc.Status, whose details carry a type URL", () => {
    expect(fromStatusBytes(toStatusBytes(full))).toMatchObject({
      reason: "LIMIT_EXCEEDED",
      message: "The input is too large.",
      fields: [{ field: "input" }],
      retryAfterMs: 1_500,
    });
  });

  it("tell a caller to wait a second where the server is unavailable and names no time", () => {
    expect(fromStatusBytes(toStatusBytes(new AgentspanError("STORE_UNAVAILABLE", "")))?.retryAfterMs).toBe(1_000);
    expect(fromStatusBytes(toStatusBytes(new AgentspanError("RUN_ENDED", "")))?.retryAfterMs).toBeUndefined();
  });

  it("of another domain, of a newer reason, or none at all are not ours", () => {
    const [info] = toErrorDetails(full);
    if (info === undefined) throw new Error("no ErrorInfo");
    const foreign = packed({
      ...info,
      value: { reason: "LIMIT_EXCEEDED", domain: "example.com" } as typeof info.value,
    });
    const newer = packed({ ...info, value: { reason: "TOO_TIRED", domain: "agentspan" } as typeof info.value });
    expect(fromErrorDetails("", [foreign])).toBeUndefined();
    expect(fromErrorDetails("", [newer])).toBeUndefined();
    expect(fromErrorDetails("", [])).toBeUndefined();
  });

  it("fit into 8 KiB of metadata, however much is wrong", () => {
    const error = new AgentspanError("INVALID_REQUEST", "x", {
      metadata: { key: "v".repeat(10_000) },
      fields: Array.from({ length: 200 }, (_, at) => ({
        field: `agent.tools[${at}].name`,
        description: "d".repeat(900),
      })),
    });
    const base64 = Buffer.from(toStatusBytes(error)).toString("base64");
    expect(base64.length).toBeLessThan(8 * 1024);
    expect(fromStatusBytes(toStatusBytes(error))?.fields).toHaveLength(20);
  });

  it.each(["a", " ", "ž", "€", "🐎"])("fit beside their words, whatever letter they are written in: %s", (letter) => {
    const long = letter.repeat(5_000);
    const error = new AgentspanError("ALREADY_DECIDED", `It is ${long}.`, {
      metadata: { winner: long, outcome: long, time: long, approval_ids: long },
      fields: Array.from({ length: 30 }, (_, at) => ({ field: `${at} ${long}`, description: long })),
      retryAfterMs: 86_400_000_500,
    });
    const status = toStatusBytes(error);
    const words = toldMessage(error);
    // Names of the three headers and what HPACK counts for each are in the rest.
    expect(encodeURI(words).length + Buffer.from(status).toString("base64").length).toBeLessThan(8_192 - 300);
    const back = fromStatusBytes(status);
    expect(back).toMatchObject({ reason: "ALREADY_DECIDED", message: words, retryAfterMs: 86_400_000_500 });
    expect(Object.keys(back?.metadata ?? {})).toEqual(["winner", "outcome", "time", "approval_ids"]);
    expect(back?.fields.length).toBeGreaterThan(0);
  });

  it("leave words as they are where there is room for them", () => {
    const words = "Nobody is there; 100 % of them, naïvely.";
    expect(toldMessage({ message: words })).toBe(words);
    expect(toldMessage({ message: "half \uD83D of a pair" })).toBe("half \uFFFD of a pair");
    expect(toldMessage({ message: "w".repeat(2_400) })).toHaveLength(2_400);
    expect(toldMessage({ message: "w".repeat(2_401) })).toMatch(/^w{1900,2399}…$/);
  });

  it("cut a long text between characters, never inside one", () => {
    const error = new AgentspanError("INTERNAL", "", { metadata: { key: `${"a".repeat(998)}😀😀` } });
    expect(fromStatusBytes(toStatusBytes(error))?.metadata.key).toBe(`${"a".repeat(998)}…`);
  });
});
