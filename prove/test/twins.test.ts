import { access } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { buildTwin, TWINS } from "../src/index.js";

// What a promise switched off looks like is in the text of the orchestrator: where that moves, the twins move with it.
describe("the broken twins", () => {
  it.each(TWINS.map((twin) => [twin.invariant, twin] as const))(
    "have one for %s whose replacements apply exactly once",
    async (_invariant, twin) => {
      const built = await buildTwin(twin.replacements);
      try {
        await access(built.entry);
      } finally {
        await built.remove();
      }
      await expect(access(built.entry)).rejects.toThrow();
    },
  );

  it("are one for each promise", () => {
    expect(TWINS.map(({ invariant }) => invariant)).toEqual([
      "version guard",
      "claim",
      "nonce",
      "disowning",
      "sequence",
      "decision id",
      "late outcome",
      "chunk trimming",
      "terminal event",
      "re-announcement",
    ]);
  });
});
