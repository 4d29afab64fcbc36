import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { expect, it } from "vitest";
import { previewFault } from "../src/index.js";

it("a preview may name fields and a time, or nothing", () => {
  expect(previewFault({ fields: [] })).toBeUndefined();
  expect(previewFault({ fields: ["after.balance", "lines.0.n"], timeout: durationFromMs(5_000) })).toBeUndefined();
});

it.each([
  ["a path that is empty", { fields: [""] }, /no path/],
  ["a path with a hole", { fields: ["after..balance"] }, /no path/],
  ["a path that is too long", { fields: ["x".repeat(257)] }, /no path/],
  ["too many", { fields: Array.from({ length: 33 }, (_, n) => `f${n}`) }, /more than 32/],
  ["no time", { fields: [], timeout: durationFromMs(0) }, /timeout of 0 ms/],
  ["too much time", { fields: [], timeout: durationFromMs(600_001) }, /timeout of 600001 ms/],
])("not %s", (_, policy, fault) => {
  expect(previewFault(policy)).toMatch(fault);
});
