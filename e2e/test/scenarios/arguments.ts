import { describe, expect, it } from "vitest";
import type { Stack } from "../../src/index.js";
import { ended, startRun, theApproval } from "../desk-run.js";

/** Arguments whose text has one meaning only: they are shown, hashed and executed as they are. */
const TAKEN = [
  ["keys that MongoDB would read", '{"a.b":{"$where":1},"$set":{"x.y":null}}'],
  ["a key that JavaScript would read", '{"__proto__":{"admin":true},"constructor":1}'],
  ["the largest whole number that a double holds", '{"id":9007199254740991}'],
  ["a big number as text", '{"id":"9007199254740993"}'],
  ["letters of every plane", '{"name":"Zoë 🦊 \u2028 漢字"}'],
  ["a number in another spelling", '{"amount":1e2,"small":0.1}'],
  ["nothing", "{}"],
] as const;

/** Arguments that two readers could read in two ways: the model is told, and nobody is asked to approve them. */
const REFUSED = [
  ["a number that a double changes", '{"id":9007199254740993}'],
  ["a key twice", '{"to":"alice","to":"mallory"}'],
  ["half of a surrogate pair", '{"name":"\\ud800"}'],
  ["a NUL", '{"name":"a\\u0000b"}'],
  ["broken JSON", '{"name":'],
  ["no object", '["name"]'],
  ["a number that is none", '{"amount":NaN}'],
] as const;

export function argumentScenarios(current: () => Stack): void {
  describe("executes arguments exactly as they were shown:", () => {
    it.each(TAKEN)("%s", async (_, argsText) => {
      const stack = current();
      const run = await startRun(stack, "taken", [{ calls: [{ tool: "email", argsText }] }, { text: "ok" }]);
      const { argumentsJson } = await theApproval(run);
      expect(JSON.parse(argumentsJson)).toEqual(JSON.parse(argsText));
      await run.handle.approve();
      expect((await ended(run)).state).toBe("COMPLETED");
      expect(stack.ledger.begun(run.runId).map(({ args }) => args)).toEqual([argumentsJson]);
    });
  });

  describe("refuses arguments to the model with a reason, and takes its next try:", () => {
    it.each(REFUSED)("%s", async (_, argsText) => {
      const stack = current();
      const run = await startRun(stack, "refused", [
        { calls: [{ tool: "email", argsText }] },
        { calls: [{ tool: "email", args: { corrected: true } }] },
        { text: "ok" },
      ]);
      const { argumentsJson } = await theApproval(run);
      expect(argumentsJson).toBe('{"corrected":true}');
      expect(stack.model.told(run.input)[0]).toMatch(/^Error: The arguments .{10,}/);
      await run.handle.approve();
      expect((await ended(run)).state).toBe("COMPLETED");
      expect(stack.ledger.begun(run.runId).map(({ args }) => args)).toEqual(['{"corrected":true}']);
    });
  });

  it("tells the model of a tool that is not there and of arguments that do not fit, and takes its next try", async () => {
    const stack = current();
    const run = await startRun(stack, "unknown tool", [
      { calls: [{ tool: "teleport", args: {} }] },
      { calls: [{ tool: "refund", args: { order_id: 5 } }] },
      { calls: [{ tool: "get_order", args: { order_id: "ORD-1" } }] },
      { text: "ok" },
    ]);
    expect((await ended(run)).state).toBe("COMPLETED");
    const [unknown, unfit] = stack.model.told(run.input);
    expect(unknown).toMatch(/no tool named "teleport".*get_order/);
    expect(unfit).toMatch(/do not fit the tool's schema/);
    expect(stack.ledger.begun(run.runId).map(({ tool }) => tool)).toEqual(["get_order"]);
  });
}
