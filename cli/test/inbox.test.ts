import { keyOf } from "@agentspan/internal/inbox";
import {
  ApprovalKind,
  ApprovalSchema,
  DecisionOutcome,
  DecisionSchema,
  type WatchApprovalsResponse,
  WatchApprovalsResponseSchema,
} from "@agentspan/proto";
import { type AgentRuntime, AgentspanError, approvalOf } from "@agentspan/sdk";
import { eventually } from "@agentspan/servers/eventually";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import { faultOf } from "../src/inbox/decide-typed.js";
import { fitted, wrapped } from "../src/inbox/fit-text.js";
import { InboxApp } from "../src/inbox/inbox-app.js";
import { type InboxState, moved, type Opened, rowsOf, scrolled, verbsOf, withNews } from "../src/inbox/inbox-state.js";
import { detailLines, inboxLines } from "../src/inbox/inbox-view.js";
import { afterKey, textOf, typedLine, withText } from "../src/inbox/line-editor.js";

const NOW = Date.UTC(2026, 10, 30, 12);

function approval(number: number, argumentsJson = `{"amount":${number}}`) {
  return create(ApprovalSchema, {
    ...{ runId: `run_${number}`, approvalId: `apr_${number}`, toolName: "refund", agentName: "shop" },
    ...{ kind: ApprovalKind.APPROVAL, argumentsJson, argumentsDigest: "sha256:1" },
    requestedAt: timestampFromMs(NOW - 60_000 * (10 - number)),
    updatedAt: timestampFromMs(NOW),
  });
}

const news = (number: number, closed = false): WatchApprovalsResponse =>
  create(WatchApprovalsResponseSchema, { approval: approval(number), closed });

const EMPTY: InboxState = {
  inbox: { open: new Map(), closed: new Set() },
  ...{ connection: "live", chosen: undefined, opened: undefined, notice: "" },
};
const THREE = withNews(EMPTY, [news(1), news(2), news(3)], true);
const opened = (argumentsJson: string): Opened => ({
  approval: approvalOf(approval(1, argumentsJson)),
  ...{ top: 0, seen: 0, asking: undefined, sending: false, over: undefined },
});
const texts = (state: InboxState, columns = 80, rows = 12) =>
  inboxLines(state, "http://here", { columns, rows }, NOW).map(({ text }) => text);

describe("the inbox", () => {
  it("has the oldest first, and keeps its choice while others come and go", () => {
    const second = moved(THREE, 1);
    expect(second.chosen).toBe("run_2/apr_2");
    expect(withNews(second, [news(1, true)], false).chosen).toBe("run_2/apr_2");
    expect(withNews(second, [news(2, true)], false).chosen).toBe("run_3/apr_3");
    expect(withNews(second, [news(2, true), news(3, true)], false).chosen).toBe("run_1/apr_1");
    const none = withNews(THREE, [news(1, true), news(2, true), news(3, true)], false);
    expect([none.chosen, texts(none)[0]]).toEqual([undefined, "Nothing waits for a person | live | http://here"]);
  });

  it("opens nothing a second time that was closed", () => {
    const closed = withNews(THREE, [news(1, true), news(1)], false);
    expect(rowsOf(closed).map(keyOf)).toEqual(["run_2/apr_2", "run_3/apr_3"]);
  });

  it("says how many wait, for how long, what they are about, and that a connection is lost", () => {
    const [head, , first, second] = texts({ ...THREE, connection: "lost" });
    expect(head).toBe("3 wait for a person | CONNECTION LOST, trying again: this may be out of date |…");
    expect(first).toBe('>   9 min  shop: may refund run?  {"amount":1}');
    expect(second).toBe('    8 min  shop: may refund run?  {"amount":2}');
  });

  it.each([
    [80, 24],
    [20, 8],
    [9, 3],
    [1, 1],
  ])("fits a terminal of %i columns and %i rows, however full it is", (columns, rows) => {
    const many = withNews(
      EMPTY,
      Array.from({ length: 50 }, (_, i) => news(i)),
      true,
    );
    const open = { ...many, opened: opened(JSON.stringify({ text: "宽".repeat(300), more: "x".repeat(300) })) };
    const asking = {
      ...open,
      opened: { ...open.opened, asking: { verb: "reject" as const, line: typedLine("y".repeat(200)) } },
    };
    for (const state of [many, moved(many, 49), open, asking]) {
      const lines = texts(state, columns, rows);
      expect(lines.length).toBeLessThanOrEqual(rows);
      for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(Math.max(1, columns));
    }
  });
});

describe("one that is looked at", () => {
  it("shows every character of its arguments, those that hide as their code", () => {
    const value = `${"long ".repeat(60)}\u202eend`;
    const lines = detailLines(opened(JSON.stringify({ note: value })), 40, NOW);
    const all = lines.map((line, i) => (i === 0 ? line : line.replace(/^ {4}/, ""))).join("");
    expect(all).toContain(`"${"long ".repeat(60)}\\u202eend"`);
    expect(lines.join("")).not.toContain("\u202e");
  });

  it("counts as seen as far as it was in sight", () => {
    const one = opened("{}");
    expect(scrolled(one, 0, 30, 10)).toMatchObject({ top: 0, seen: 10 });
    const down = scrolled(scrolled(one, 10, 30, 10), 99, 30, 10);
    expect(down).toMatchObject({ top: 20, seen: 30 });
    expect(scrolled(down, -99, 30, 10)).toMatchObject({ top: 0, seen: 30 });
  });

  it("asks for the rest of it as long as there is more than was in sight, whatever size the terminal has by then", () => {
    let size = { columns: 40, rows: 8 };
    const app = new InboxApp({} as AgentRuntime, {
      onQuit: () => undefined,
      onChange: () => undefined,
      size: () => size,
    });
    app.state = { ...EMPTY, opened: opened(JSON.stringify({ note: "long ".repeat(60) })) };
    const press = (name: string) => app.press({ name, text: name, ctrl: false, meta: false });
    const foot = () => texts(app.state, size.columns, size.rows).at(-2);
    press("a");
    expect(foot()).toMatch(/^There is more of it: scroll down/);
    size = { columns: 120, rows: 40 };
    app.resized();
    expect(foot()).toBe("");
    // What was in sight in wide lines does not count once it is wrapped otherwise.
    press("down");
    size = { columns: 40, rows: 8 };
    app.resized();
    expect(foot()).toMatch(/^There is more of it/);
    press("a");
    expect(app.state.opened?.asking).toBeUndefined();
    press("end");
    expect(foot()).toBe("");
    press("a");
    expect(app.state.opened?.asking).toMatchObject({ verb: "approve" });
  });

  it("says within a line who was faster, how and when, where a decision comes too late", async () => {
    const decidedAt = timestampFromMs(NOW);
    const decision = create(DecisionSchema, { outcome: DecisionOutcome.REJECTED, decidedBy: "maria", decidedAt });
    const late = new AgentspanError("ALREADY_DECIDED", `Approval ${"x".repeat(80)} was rejected by maria already.`);
    const runtime = {
      handle: () => ({ approve: () => Promise.reject(late) }),
      client: { call: async () => ({ approval: { ...approval(1), decision } }) },
    };
    const size = () => ({ columns: 80, rows: 24 });
    const hooks = { onQuit: () => undefined, onChange: () => undefined, size };
    const app = new InboxApp(runtime as unknown as AgentRuntime, hooks);
    app.state = { ...EMPTY, opened: opened("{}") };
    for (const name of ["a", "return"]) app.press({ name, text: "", ctrl: false, meta: false });
    await eventually(() => {
      expect(texts(app.state, 80, 24).at(-2)).toMatch(/^Somebody was faster: REJECTED by maria, 2026-\S+ \S+$/);
    });
  });

  it("is decided by what its kind takes; a settlement takes more than a key", () => {
    expect(verbsOf({ kind: "QUESTION" })).toEqual(["respond", "reject"]);
    expect(verbsOf({ kind: "SETTLEMENT" })).toEqual([]);
    const settlement = { ...opened("{}"), approval: { ...opened("{}").approval, kind: "SETTLEMENT" as const } };
    expect(detailLines(settlement, 200, NOW).join("\n")).toContain("settle run_1 apr_1 --happened");
  });
});

describe("a line that is typed", () => {
  const key = (name: string, text = "", ctrl = false) => ({ name, text, ctrl, meta: false });

  it("is edited anywhere, a character as it looks at a time", () => {
    const family = "👨‍👩‍👧";
    let line = withText(typedLine(), `a${family}b`);
    for (const name of ["left", "left", "backspace"]) line = afterKey(line, key(name));
    expect(textOf(line)).toBe(`${family}b`);
    line = afterKey(afterKey(line, key("delete")), key("z", "z"));
    expect(textOf(line)).toBe("zb");
    expect(textOf(afterKey(afterKey(line, key("end")), key("u", "", true)))).toBe("");
  });

  it("takes pasted text on one line, and no control characters", () => {
    expect(textOf(withText(typedLine(), "too\r\nexpensive\u001b[2J"))).toBe("too expensive[2J");
    expect(textOf(afterKey(typedLine("a"), key("c", "", true)))).toBe("a");
  });

  it.each([
    ["reject", " ", "Say why"],
    ["reject", "\u200b\u2800", "Say why"],
    ["respond", "yes", "It must be JSON"],
    ["edit", "[1]", "It must be a JSON object"],
    ["edit", '{"amount":1}', undefined],
    ["respond", '"yes"', undefined],
    ["approve", "", undefined],
  ] as const)("of %s with %j is held to what it must be", (verb, text, words) => {
    const fault = faultOf({ verb, line: typedLine(text) });
    if (words === undefined) expect(fault).toBeUndefined();
    else expect(fault).toContain(words);
  });
});

it("text fits into columns by what its characters take", () => {
  expect(fitted("abc", 3)).toBe("abc");
  expect(fitted("abcd", 3)).toBe("ab…");
  expect(fitted("宽宽宽", 4)).toBe("宽…");
  expect(wrapped("abcdefgh", 4, 0)).toEqual(["abcd", "efgh"]);
  expect(wrapped("", 4)).toEqual([""]);
});
