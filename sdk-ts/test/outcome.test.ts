import { digestOf } from "@agentspan/internal";
import { describe, expect, it } from "vitest";
import { TerminalError } from "../src/tool-context.js";
import { returned, threw } from "../src/worker/outcome.js";

const plain = { guarded: false, maxPayload: 1024 * 1024 };
const guarded = { ...plain, guarded: true };

describe("what a function returned", () => {
  it.each([
    [{ a: 1 }, '{"a":1}'],
    [undefined, "null"],
    [() => 1, "null"],
    ["\ud800", '"\\ud800"'],
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
  ])("%s is told as JSON", (value, text) => {
    expect(returned(value, plain)).toEqual({ case: "resultJson", value: text });
  });

  it("is a final failure where JSON cannot say it, also of a guarded call, whose effect is named as done", () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    for (const value of [1n, circle]) {
      expect(returned(value, plain)).toMatchObject({ case: "failure", value: { retryable: false } });
      expect(returned(value, guarded).value).toMatchObject({ message: /ran to its end.*cannot be written as JSON/ });
    }
  });

  it("over 256 KiB is a final failure of a plain call, with size and limit", () => {
    expect(returned("x".repeat(262_142), plain).case).toBe("resultJson");
    expect(returned("x".repeat(262_143), plain).value).toMatchObject({
      message: /262145 bytes.*262144/,
      retryable: false,
    });
  });

  it("of a guarded call goes whole while a message holds it, then as digest, size and head", () => {
    expect(returned("x".repeat(900_000), guarded)).toMatchObject({ case: "resultJson", value: /^"x{900000}"$/ });
    const whole = JSON.stringify("é".repeat(600_000));
    const kept: unknown = JSON.parse(String(returned("é".repeat(600_000), guarded).value));
    expect(kept).toEqual({
      truncated: true,
      digest: digestOf(whole),
      sizeBytes: 1_200_002,
      head: `"${"é".repeat(2047)}`,
    });
  });
});

describe("what a function threw", () => {
  it.each([
    [new Error("away"), "away", true],
    [new TypeError(""), "TypeError", true],
    [new TerminalError("never"), "never", false],
    ["text", "text", true],
    [undefined, "undefined", true],
  ])("%s is told with whether it may be tried again", (thrown, message, retryable) => {
    expect(threw(thrown)).toMatchObject({ case: "failure", value: { message, retryable } });
  });

  it("is cut at 4 KiB, between characters", () => {
    const { value } = threw(new Error(`a${"é".repeat(3_000)}`));
    expect(value).toMatchObject({ message: `a${"é".repeat(2047)}` });
  });
});
