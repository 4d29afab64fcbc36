import type { Approval, Preview } from "@agentspan/sdk";
import { expect, it } from "vitest";
import { previewLines } from "../src/preview-view.js";

function shown(content: unknown, more: Partial<Preview> = {}): Preview {
  return {
    status: "SHOWN",
    content,
    contentJson: JSON.stringify(content),
    fingerprint: "sha256:0",
    takenAt: undefined,
    detail: "",
    previous: undefined,
    fields: [],
    ...more,
  };
}

const linesOf = (preview: Preview | undefined): readonly string[] => previewLines({ preview } as Approval);

it("says nothing of a tool that shows nothing", () => {
  expect(linesOf(undefined)).toEqual([]);
});

it("shows a text line by line, with what would hide itself in it", () => {
  expect(linesOf(shown("Dear Ana,\nyou get 20 \u20ac\u202e."))).toEqual([
    "it would do this, which is compared before it runs:",
    "  Dear Ana,",
    "  you get 20 \u20ac\\u202e.",
  ]);
});

it("shows what is before and after as one, with the change marked", () => {
  const before = { owner: "Ana", balance: 50, limit: 100 };
  expect(linesOf(shown({ before, after: { ...before, balance: 40 } }))).toEqual([
    "it would do this, which is compared before it runs:",
    "    {",
    '      "owner": "Ana",',
    '  -   "balance": 50,',
    '  +   "balance": 40,',
    '      "limit": 100',
    "    }",
  ]);
});

it("leaves out what stays the same far from a change", () => {
  const rows = Array.from({ length: 40 }, (_, n) => `row ${n}`);
  const after = rows.with(2, "first").with(35, "second");
  const lines = linesOf(shown({ before: rows.join("\n"), after: after.join("\n") }));
  expect(lines).toContain("  - row 2");
  expect(lines).toContain("  + second");
  expect(lines).toContain("    …");
  expect(lines).not.toContain("    row 20");
});

it("shows what an effect that changes nothing leaves as it is", () => {
  expect(linesOf(shown({ before: "a", after: "a" })).at(-1)).toBe("    a");
});

it("shows what has changed since it was approved before", () => {
  const previous = shown({ balance: 40 });
  expect(linesOf(shown({ balance: 10 }, { previous })).slice(-5)).toEqual([
    "it was approved before, and this has changed in it since:",
    "    {",
    '  -   "balance": 40',
    '  +   "balance": 10',
    "    }",
  ]);
});

it("says why nobody can see it, and what had been seen before", () => {
  const failed = { status: "FAILED", contentJson: "", detail: "the bank is closed" } as const;
  expect(linesOf(shown(undefined, { ...failed, previous: shown("pays 10") }))).toEqual([
    "what it would do cannot be seen: the bank is closed",
    "nothing will be compared before it runs",
    "it was approved before, when it would have done this:",
    "  pays 10",
  ]);
});

it("says that it is still to come, or left out", () => {
  expect(linesOf(shown(undefined, { status: "PENDING" }))[0]).toContain("is being looked at");
  expect(linesOf(shown(undefined, { contentJson: "" }))[0]).toContain("for its size");
});
