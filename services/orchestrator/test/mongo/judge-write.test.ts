import { describe, expect, it } from "vitest";
import type { UpdateAnswer } from "../../src/mongo/database.js";
import { answersOf, judgeWrite, needsReadBack, type ReadBack, type WriteAnswer } from "../../src/mongo/judge-write.js";

const OURS = { expectedVersion: 4, token: "ours" };
const found = (v: number, t = "theirs"): ReadBack => ({ kind: "found", v, t });
const absent: ReadBack = { kind: "absent" };
const unreadable: ReadBack = { kind: "unreadable" };

const answered = (matched: number, failed: readonly (readonly [number, number])[] = []): UpdateAnswer => ({
  matched,
  inserted: new Set(),
  failed: new Map(failed),
  operationTime: undefined,
});

describe("what an answer says of each write", () => {
  const kinds = (answer: UpdateAnswer, size: number) => answersOf(answer, size).map(({ kind }) => kind);

  it("says all were carried out when each matched", () => {
    expect(kinds(answered(3), 3)).toEqual(["carried_out", "carried_out", "carried_out"]);
  });

  it("says none was when nothing matched", () => {
    expect(kinds(answered(0), 2)).toEqual(["none_matched", "none_matched"]);
  });

  it("does not say which ones were when some matched", () => {
    const answers = answersOf(answered(1), 2);
    expect(answers.map(needsReadBack)).toEqual([true, true]);
  });

  it("tells a duplicate from the rest, which then all were carried out", () => {
    expect(kinds(answered(2, [[1, 11000]]), 3)).toEqual(["carried_out", "duplicate", "carried_out"]);
  });

  it("has writes that were sent before read back where they meet something, as it may be themselves", () => {
    const again = (answer: UpdateAnswer) => answersOf(answer, 1, true);
    expect(again(answered(0)).map(needsReadBack)).toEqual([true]);
    expect(again(answered(0, [[0, 11000]])).map(needsReadBack)).toEqual([true]);
    expect(again(answered(1))).toEqual([{ kind: "carried_out" }]);
  });

  it("leaves open a write that failed for a reason that passes, and refuses one that failed for good", () => {
    const answers = answersOf(
      answered(1, [
        [0, 189],
        [2, 121],
      ]),
      3,
    );
    expect(answers).toEqual([{ kind: "unanswered" }, { kind: "carried_out" }, { kind: "refused", code: 121 }]);
  });
});

describe("whether a write won", () => {
  const cases: readonly (readonly [WriteAnswer["kind"] & ("some_matched" | "unanswered"), ReadBack, string])[] = [
    ["unanswered", found(5, "ours"), "committed"],
    ["some_matched", found(5, "ours"), "committed"],
    // Another made the version that ours would have made.
    ["unanswered", found(5), "conflict"],
    ["some_matched", found(5), "conflict"],
    // Ours may be beneath what others wrote since.
    ["unanswered", found(6), "unknown"],
    ["some_matched", found(6), "unknown"],
    // Without an answer it may still come about.
    ["unanswered", found(4), "unknown"],
    ["some_matched", found(4), "conflict"],
    ["unanswered", absent, "unknown"],
    ["some_matched", absent, "conflict"],
    ["unanswered", unreadable, "unknown"],
    ["some_matched", unreadable, "unknown"],
  ];
  for (const [kind, readBack, outcome] of cases) {
    const what = readBack.kind === "found" ? `version ${readBack.v} by ${readBack.t}` : readBack.kind;
    it(`is ${outcome} when version 4 was expected, the answer is ${kind} and the run is read back as ${what}`, () => {
      expect(judgeWrite(OURS, { kind }, readBack)).toBe(outcome);
    });
  }

  it("needs no reading where the answer is certain", () => {
    expect(judgeWrite(OURS, { kind: "carried_out" }, unreadable)).toBe("committed");
    expect(judgeWrite(OURS, { kind: "none_matched" }, unreadable)).toBe("conflict");
    expect(judgeWrite(OURS, { kind: "duplicate" }, unreadable)).toBe("conflict");
  });

  it("is an error that says so when the server refused it for good", () => {
    expect(judgeWrite(OURS, { kind: "refused", code: 121 }, unreadable)).toMatchObject({ reason: "INTERNAL" });
    expect(judgeWrite(OURS, { kind: "refused", code: 10334 }, unreadable)).toMatchObject({ reason: "LIMIT_EXCEEDED" });
  });

  it("takes a new run that another created for a conflict, and one that is not there for one that may still come", () => {
    const creating = { expectedVersion: 0, token: "ours" };
    expect(judgeWrite(creating, { kind: "unanswered" }, found(1))).toBe("conflict");
    expect(judgeWrite(creating, { kind: "unanswered" }, found(1, "ours"))).toBe("committed");
    expect(judgeWrite(creating, { kind: "unanswered" }, absent)).toBe("unknown");
  });
});
