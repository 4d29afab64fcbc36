// Each transcript is a story that a person can read: a command, and under the four dashes what came of it. Where the
// core's behaviour changes on purpose, UPDATE_TRANSCRIPTS=1 rewrites them; read the difference before you commit it.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { TranscriptRun } from "./core/transcript-run.js";

const FOLDER = new URL("../testdata/transcripts/", import.meta.url);
const UPDATE = process.env.UPDATE_TRANSCRIPTS === "1";

/** Blocks are parted by blank lines. One that is all comment stays as it is; any other is a command and its output. */
function replay(text: string): string {
  const run = new TranscriptRun();
  const blocks = text.trim().split(/\n{2,}/u);
  const replayed = blocks.map((block) => {
    const [told = ""] = block.split(/^----$/mu);
    const lines = told.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    const [command, ...under] = lines;
    if (command === undefined) return block;
    return `${told.trimEnd()}\n----\n${run.play(command, under)}`;
  });
  return `${replayed.join("\n\n")}\n`;
}

describe("transcripts", () => {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith(".txt"));

  it.each(names)("%s", (name) => {
    const file = new URL(name, FOLDER);
    const text = readFileSync(file, "utf8");
    const replayed = replay(text);
    if (UPDATE) writeFileSync(file, replayed);
    else expect(replayed).toBe(text);
  });
});
