// The contract's comment on Approve names each reason that a decision is refused with.
import { readdirSync, readFileSync } from "node:fs";
import { REASONS } from "@agentspan/internal";
import { expect, it } from "vitest";

const TRANSCRIPTS = new URL("../testdata/transcripts/", import.meta.url);
const CONTRACT = new URL("../../../proto/agentspan/v1/run.proto", import.meta.url);

/** Of every story of the core: a decision, and under the four dashes why it was refused. */
const REFUSED = /^(?:approve|reject|respond|settle) [^\n]*\n----\n! ([A-Z_]+):/gm;

it("names every reason for which a decision is refused in the stories of the core", () => {
  const stories = readdirSync(TRANSCRIPTS).map((name) => readFileSync(new URL(name, TRANSCRIPTS), "utf8"));
  const met = new Set(stories.flatMap((story) => [...story.matchAll(REFUSED)].map(([, reason = ""]) => reason)));
  expect(met).toContain("INVALID_REQUEST");
  const [, comment = ""] = /Votes for a call to run\.(.*?)rpc Approve/s.exec(readFileSync(CONTRACT, "utf8")) ?? [];
  const named = new Set(comment.match(/[A-Z]+(?:_[A-Z]+)*/g));
  expect([...met].filter((reason) => !named.has(reason))).toEqual([]);
  expect([...met].filter((reason) => !REASONS.some((one) => one === reason))).toEqual([]);
});
