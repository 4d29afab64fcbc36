import type { Core } from "./explored-run.js";
import { TranscriptRun } from "./transcript-run.js";

export interface Replayed {
  /** The transcript with what came of its commands. */
  readonly text: string;
  readonly run: TranscriptRun;
}

/**
 * Blocks are parted by blank lines. One that is all comment stays as it is; any other is a command and its output. Played
 * against the core of this tree unless another is given.
 */
export function replayTranscript(text: string, core?: Core): Replayed {
  const run = new TranscriptRun(core);
  const replayed = text
    .trim()
    .split(/\n{2,}/u)
    .map((block) => {
      const [told = ""] = block.split(/^----$/mu);
      const lines = told.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
      const [command, ...under] = lines;
      if (command === undefined) return block;
      return `${told.trimEnd()}\n----\n${run.play(command, under)}`;
    });
  return { text: `${replayed.join("\n\n")}\n`, run };
}
