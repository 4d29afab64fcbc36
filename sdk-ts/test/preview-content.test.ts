import { expect, it } from "vitest";
import { contentOf } from "../src/worker/preview-run.js";

it("shows what a preview returned as it is", () => {
  expect(contentOf({ before: { balance: 1.5 }, after: null })).toEqual({
    case: "contentJson",
    value: '{"before":{"balance":1.5},"after":null}',
  });
});

it("refuses a number that JSON does not have, and would be shown and compared as null", () => {
  const words = "What the preview returned cannot be written as JSON: balance is NaN, which JSON has no number for";
  expect(() => contentOf({ before: { balance: 1 }, after: { balance: Number.NaN } })).toThrow(words);
  expect(() => contentOf([Number.POSITIVE_INFINITY])).toThrow("0 is Infinity");
  expect(() => contentOf(Number.NaN)).toThrow("it is NaN");
});
