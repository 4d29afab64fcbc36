import { describe, expect, it } from "vitest";
import { DuePages } from "../../src/due-pages.js";

/** Walks through runs with these times; gives what each page brought. */
function walk(times: readonly number[], size: number, most = 1_000): readonly (readonly string[])[] {
  const runs = times.map((wakeAt, index) => ({ runId: `run_${index}`, wakeAt }));
  const pages = new DuePages(0, size, most);
  const found: (readonly string[])[] = [];
  while (!pages.ended) {
    const page = runs.filter(({ wakeAt }) => wakeAt >= pages.from).slice(0, pages.limit);
    found.push(pages.take(page).map(({ runId }) => runId));
  }
  return found;
}

function ids(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `run_${index}`);
}

describe("pages of runs that are due later", () => {
  it("have each run once, whatever its time", () => {
    for (const size of [1, 2, 3, 7]) {
      expect(walk([1, 2, 3, 4, 5, 6], size).flat()).toEqual(ids(6));
      expect(walk([1, 1, 2, 2, 2, 2, 2, 3], size).flat()).toEqual(ids(8));
      expect(walk([], size).flat()).toEqual([]);
    }
  });

  it("have all that are due at one instant", () => {
    expect(
      walk(
        Array.from({ length: 50 }, () => 5),
        7,
      ).flat(),
    ).toEqual(ids(50));
  });

  it("pass over what is more than they take of one instant, and come to an end", () => {
    const found = walk([...Array.from({ length: 50 }, () => 5), 6, 7], 4, 10).flat();
    expect(found.slice(0, 10)).toEqual(ids(10));
    expect(found.slice(10)).toEqual(["run_50", "run_51"]);
  });

  it("do not end where times move while they walk", () => {
    const pages = new DuePages(0, 2, 100);
    expect(
      pages.take([
        { runId: "a", wakeAt: 1 },
        { runId: "b", wakeAt: 2 },
      ]),
    ).toHaveLength(2);
    expect(pages.from).toBe(2);
    expect(
      pages.take([
        { runId: "b", wakeAt: 2 },
        { runId: "c", wakeAt: 9 },
        { runId: "d", wakeAt: 9 },
      ]),
    ).toHaveLength(2);
    expect(pages.ended).toBe(false);
    expect(pages.take([])).toEqual([]);
    expect(pages.ended).toBe(true);
  });
});
