import { expect, it } from "vitest";
import { tableLines } from "../src/table.js";

it("sets columns under each other, by characters, and ends no line with spaces", () => {
  expect(
    tableLines([
      ["RUN", "STATE", "NOTE"],
      ["run_1", "WAITING", ""],
      ["😀", "X", "last"],
    ]),
  ).toEqual(["RUN    STATE    NOTE", "run_1  WAITING", "😀      X        last"]);
});

it("makes nothing of nothing", () => {
  expect(tableLines([])).toEqual([]);
});
