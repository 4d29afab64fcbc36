import { AgentspanError, createLogger } from "@agentspan/internal";
import { beforeEach, describe, expect, it } from "vitest";
import { byKey, fields, flag, json, list, ofKind, oneOf, orElse, type Shape, text, whole } from "../src/row-shape.js";
import { readAs, UnreadableRows } from "../src/unreadable-rows.js";

const tool = fields({ name: text, times: list(whole()) }, { once: flag });

describe("a row", () => {
  it("is read as its shape has it, without what else is there", () => {
    const row = { name: "refund", times: [1], once: true, revoked: "x" };
    expect(readAs("tools", "t1", row, tool)).toEqual({ name: "refund", times: [1], once: true });
    expect(readAs("tools", "t1", { name: "refund", times: [] }, tool)).toEqual({ name: "refund", times: [] });
  });

  it("keeps keys that somebody chose, whatever they are", () => {
    const read = json(byKey(text))('{"__proto__":"a","constructor":"b"}', "labels");
    expect(Object.entries(read)).toEqual([
      ["__proto__", "a"],
      ["constructor", "b"],
    ]);
  });

  it.each<[unknown, Shape<unknown>, string]>([
    [null, tool, ""],
    [[], tool, ""],
    [{ times: [] }, tool, "name"],
    [{ name: "secret", times: "secret" }, tool, "times"],
    [{ name: "secret", times: [1, null] }, tool, "times[1]"],
    [{ name: "secret", times: [1.5] }, tool, "times[0]"],
    [{ name: "secret", times: [-1] }, tool, "times[0]"],
    [{ name: "secret", times: [], once: null }, tool, "once"],
    [JSON.parse('{"__proto__":{"name":"secret"},"times":[]}'), tool, "name"],
    [{ a: { secret: 5 } }, fields({ a: byKey(text) }), "a"],
    [{ a: "{secret" }, fields({ a: json(text) }), "a"],
    [{ a: "secret" }, fields({ a: oneOf("x") }), "a"],
    [{ a: { kind: "secret" } }, fields({ a: ofKind({ x: fields({}) }) }), "a"],
    [{ a: { kind: "toString" } }, fields({ a: ofKind({ x: fields({}) }) }), "a"],
    [{ a: { kind: "x" } }, fields({ a: ofKind({ x: fields({ b: text }) }) }), "a.b"],
  ])("that is %j has a fault that names its place and nothing of what is there", (row, shape, place) => {
    const thrown = (() => {
      try {
        return readAs("tools", "t1", row, shape);
      } catch (error) {
        return error;
      }
    })();
    expect(thrown).toBeInstanceOf(AgentspanError);
    const { reason, code, metadata, message, retryable } = thrown as AgentspanError;
    expect({ reason, code, retryable }).toEqual({ reason: "ROW_UNREADABLE", code: "DATA_LOSS", retryable: false });
    expect(metadata).toEqual({ collection: "tools", row: "t1", place });
    expect(message).toContain("t1 of tools");
    expect(message).not.toContain("secret");
  });

  it("may have something else in a place that counts for little", () => {
    expect(fields({ a: orElse(text, "") })({ a: 5 }, "")).toEqual({ a: "" });
    const broken: Shape<string> = () => {
      throw new TypeError("a fault of ours");
    };
    expect(() => orElse(broken, "")(5, "a")).toThrow(TypeError);
  });
});

describe("rows that cannot be read", () => {
  let lines: Record<string, unknown>[];
  let now: number;
  let rows: UnreadableRows;
  beforeEach(() => {
    lines = [];
    now = 0;
    const write = (line: string) => void lines.push(JSON.parse(line));
    rows = new UnreadableRows({ log: createLogger("test", "info", { write }), monotonic: () => now });
  });
  const meet = (row: string) => rows.readOrLeaveOut(() => readAs("tools", row, { name: "secret", times: "" }, tool));

  it("are left out, and told in the log once a minute, without their content", () => {
    expect(rows.readOrLeaveOut(() => 5)).toBe(5);
    for (let again = 0; again < 3; again += 1) expect(meet("t1")).toBeUndefined();
    meet("t2");
    expect(lines).toMatchObject([
      { collection: "tools", row: "t1", place: "times", untold: 0 },
      { row: "t2", untold: 2 },
    ]);
    now = 60_000;
    meet("t1");
    expect(lines.slice(2)).toMatchObject([{ row: "t1", untold: 0 }]);
    expect(JSON.stringify(lines)).not.toContain("secret");
  });

  it("have a hundred lines a minute, and the others are counted", () => {
    for (let row = 0; row < 250; row += 1) meet(`t${row}`);
    expect(lines).toHaveLength(100);
    now = 60_000;
    meet("t0");
    expect(lines.at(-1)).toMatchObject({ row: "t0", untold: 150 });
  });

  it("are thrown where they are asked for, and told all the same", () => {
    expect(() => rows.read(() => readAs("tools", "t1", {}, tool))).toThrow("t1 of tools");
    expect(lines).toHaveLength(1);
    const fault = new Error("a fault of ours");
    expect(() =>
      rows.readOrLeaveOut(() => {
        throw fault;
      }),
    ).toThrow(fault);
    expect(lines).toHaveLength(1);
  });

  it("keep no other from being told, unless the store is away", async () => {
    const failing = (error: Error) => rows.tellOrLeaveOut("run_1", () => Promise.reject(error));
    expect(await rows.tellOrLeaveOut("run_1", async () => 5)).toBe(5);
    expect(await failing(new TypeError("secret"))).toBeUndefined();
    expect(lines).toMatchObject([{ collection: "runs", row: "run_1", reason: "INTERNAL" }]);
    expect(JSON.stringify(lines)).not.toContain("secret");
    const away = new AgentspanError("STORE_UNAVAILABLE", "The store is away.");
    await expect(failing(away)).rejects.toBe(away);
  });
});
