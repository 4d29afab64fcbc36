// What every stack must be told, as it was first told by the server's own JSON: a file for each scenario in testdata.
// UPDATE_GOLDEN=1 writes them anew.
import { readFileSync, writeFileSync } from "node:fs";
import { expect } from "vitest";
import type { Recorded } from "./run-scenario.js";

export const UPDATING = process.env.UPDATE_GOLDEN === "1";

export function expectGolden(scenario: string, recorded: Readonly<Record<string, Recorded>>): void {
  const file = new URL(`../../testdata/${scenario}.json`, import.meta.url);
  if (UPDATING) writeFileSync(file, `${JSON.stringify(recorded, undefined, 2)}\n`);
  else expect(recorded).toEqual(JSON.parse(readFileSync(file, "utf8")));
}
