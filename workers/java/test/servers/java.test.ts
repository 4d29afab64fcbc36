// The tests of the Java SDK, by JUnit, each told as one of ours.
import { describe, it } from "vitest";
import { mavenRun, REPORTS } from "../maven-run.js";
import { testReports } from "../test-reports.js";

const made = await mavenRun();
if ("missing" in made) {
  describe("the Java SDK", () => {
    it.skip(`is tested where there is a Java and Maven: ${made.missing}`, () => undefined);
  });
} else {
  // What went wrong outside of any test, such as a file that cannot be compiled.
  if (made.code !== 0) throw new Error(`Maven ended with ${made.code}:\n${made.said}`);
  describe("the Java SDK", () => {
    for (const { suite, name, outcome, text } of testReports(REPORTS)) {
      it.skipIf(outcome === "skipped")(`${suite}: ${name}`, () => {
        if (outcome === "failed") throw new Error(text);
      });
    }
  });
}
