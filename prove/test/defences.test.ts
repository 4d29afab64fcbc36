import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { DEFENCES, ROOT, requireOnce } from "../src/index.js";

const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");

const TRANSCRIPTS = "services/orchestrator/testdata/transcripts";

// What a defence switched off looks like is in the sources: where they move, it moves with them.
describe("the defences against the threats of docs/security.md", () => {
  it.each(DEFENCES.map((defence) => [defence.without, defence] as const))(
    "can be switched off, so that %s, and have a test",
    (_, { file, from, shownBy: { file: test, title, titledIn } }) => {
      expect(() => requireOnce(file, read(file), from)).not.toThrow();
      // A transcript is its own title.
      if (title.endsWith(".txt")) expect(read(`${TRANSCRIPTS}/${title}`)).not.toBe("");
      else expect(read(titledIn ?? test).includes(title)).toBe(true);
    },
  );

  it("are there for each threat of the page, and for no other", () => {
    const page = read("docs/security.md");
    const table = page.slice(page.indexOf("## Threats"), page.indexOf("## Who is calling"));
    const threats = [...table.matchAll(/^\| ([^|]+?) +\|/gm)].map(([, threat]) => threat).slice(2);
    expect(new Set(DEFENCES.map(({ threat }) => threat))).toEqual(new Set(threats));
  });
});
