// Each transcript is a story that a person can read: a command, and under the four dashes what came of it. Where the
// core's behaviour changes on purpose, UPDATE_TRANSCRIPTS=1 rewrites them; read the difference before you commit it.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { replayTranscript } from "./core/replay-transcript.js";

const FOLDER = new URL("../testdata/transcripts/", import.meta.url);
const UPDATE = process.env.UPDATE_TRANSCRIPTS === "1";

describe("transcripts", () => {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith(".txt"));

  it.each(names)("%s", (name) => {
    const file = new URL(name, FOLDER);
    const text = readFileSync(file, "utf8");
    const replayed = replayTranscript(text).text;
    if (UPDATE) writeFileSync(file, replayed);
    else expect(replayed).toBe(text);
  });
});
