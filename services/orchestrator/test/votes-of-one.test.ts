// Somebody who votes without end on what takes the votes of several.
import { expect, it } from "vitest";
import { VOTES_OF_ONE } from "../src/core/limits.js";
import { replayTranscript } from "./core/replay-transcript.js";

const BEGIN = `agent
tool wire_money approval votes=2

start

model-replies
call wire_money {"amount":10000}
call wire_money {"amount":20000}`;

it("is heard so often and no more, and neither keeps others from voting nor itself from deciding", () => {
  const votes = Array.from({ length: VOTES_OF_ONE }, (_, n) => `approve t1c1 by=maria decision=d${n}`);
  const more = [
    "approve t1c1 by=maria decision=one-more",
    // Again what was said first, and about another call.
    "approve t1c1 by=maria decision=d0",
    "approve t1c2 by=maria decision=other",
    "approve t1c1 by=noah decision=last",
  ];
  const { text } = replayTranscript([BEGIN, ...votes, ...more].join("\n\n"));
  const [tooOften, again, other, last] = text.trim().split("\n\n").slice(-more.length);
  expect(tooOften).toContain("LIMIT_EXCEEDED: maria has voted 64 times");
  expect(again).toMatch(/votes missing 1, repeated$/);
  expect(other).toContain("voted apr_t1c2_1 approved by maria");
  expect(last).toContain("decided apr_t1c1_1 approved by noah");
  const rejected = replayTranscript([BEGIN, ...votes, "reject t1c1 by=maria"].join("\n\n")).text;
  expect(rejected).toContain("decided apr_t1c1_1 rejected by maria");
});
