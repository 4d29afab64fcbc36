import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { PreviewContext } from "../src/preview.js";
import type { ProbeContext } from "../src/probe.js";
import { type ToolOptions, tool } from "../src/tool.js";

const options: ToolOptions = { name: "get_order", description: "Looks up an order." };

describe("a tool", () => {
  it("is told to the server as its options say", () => {
    const { message } = tool(() => null, {
      ...options,
      inputSchema: z.object({ order_id: z.string().describe("as on the bill") }),
      approvalRequired: true,
      retry: { maxAttempts: 5, initialBackoff: "500ms", maxBackoff: "1m", multiplier: 3 },
      timeout: "5m",
      startTimeout: 1500,
      queue: "orders",
    });
    expect(message).toMatchObject({
      name: "get_order",
      description: "Looks up an order.",
      queue: "orders",
      once: false,
      approval: { required: true, explicit: false },
      retry: {
        maxAttempts: 5,
        multiplier: 3,
        initialBackoff: { seconds: 0n, nanos: 500_000_000 },
        maxBackoff: { seconds: 60n },
      },
      timeout: { seconds: 300n },
      startTimeout: { seconds: 1n, nanos: 500_000_000 },
    });
    expect(JSON.parse(message.inputSchemaJson)).toMatchObject({
      type: "object",
      properties: { order_id: { type: "string", description: "as on the bill" } },
      required: ["order_id"],
      additionalProperties: false,
    });
  });

  it("says nothing of what is not set, so that the server's defaults hold", () => {
    const { message } = tool(() => null, { ...options, inputSchema: z.object({}) });
    expect(message.approval).toBeUndefined();
    expect(message.retry).toBeUndefined();
    expect(message.timeout).toBeUndefined();
    expect(message.queue).toBe("");
  });

  it("sends a JSON Schema as it stands", () => {
    const inputSchema = { type: "object", properties: { a: { type: "integer" } } };
    const { message } = tool((args: { a?: number }) => args.a, { ...options, inputSchema });
    expect(JSON.parse(message.inputSchemaJson)).toEqual(inputSchema);
  });

  it("types its arguments by the zod schema", () => {
    tool(({ order_id, amount }) => order_id.length + amount, {
      ...options,
      inputSchema: z.object({ order_id: z.string(), amount: z.number() }),
    });
    // @ts-check of this line is the test: amount is a number, not a string.
    tool(({ amount }) => amount.toFixed(2), { ...options, inputSchema: z.object({ amount: z.number() }) });
  });

  const shows = (): string => "what it would do";

  it.each([
    ["a name with a dot", { name: "get.order" }, "INVALID_REQUEST"],
    ["a name of 65 characters", { name: "a".repeat(65) }, "INVALID_REQUEST"],
    ["a queue with a space", { queue: "my queue" }, "INVALID_REQUEST"],
    ["a time-out of zero", { timeout: 0 }, "INVALID_REQUEST"],
    ["a probe of a plain tool", { probe: () => ({ happened: false }) as const }, "INVALID_REQUEST"],
    ["a preview of a tool that nobody approves", { preview: shows }, "INVALID_REQUEST"],
    ["fields of no preview", { approvalRequired: true, previewFields: ["n"] }, "INVALID_REQUEST"],
    ["a time for no preview", { approvalRequired: true, previewTimeout: 1_000 }, "INVALID_REQUEST"],
    ["a field that is no path", { approvalRequired: true, preview: shows, previewFields: ["a..b"] }, "INVALID_REQUEST"],
    ["too little time", { approvalRequired: true, preview: shows, previewTimeout: 50 }, "INVALID_REQUEST"],
    ["a receiver that enforces the key of a plain tool", { enforcesIdempotency: true }, "INVALID_REQUEST"],
    ["a description over 16 KiB", { description: "x".repeat(16 * 1024 + 1) }, "LIMIT_EXCEEDED"],
  ])("refuses %s", (_, wrong, reason) => {
    expect(() => tool(() => null, { ...options, ...wrong, inputSchema: z.object({}) })).toThrow(
      expect.objectContaining({ reason }),
    );
  });

  it.each([{ once: true }, { approvalRequired: true }])("brings a probe where it is guarded: %j", async (guard) => {
    const probe = ({ n }: { n: number }) => ({ happened: true, result: n + 1 }) as const;
    const inputSchema = z.object({ n: z.number() });
    const probed = tool(() => null, { ...options, ...guard, inputSchema, probe, enforcesIdempotency: true });
    expect(probed.enforcesIdempotency).toBe(true);
    expect(await probed.probe?.({ n: 1 }, {} as ProbeContext)).toEqual({ happened: true, result: 2 });
    const bare = tool(() => null, { ...options, ...guard, inputSchema, enforcesIdempotency: false });
    expect([bare.probe, bare.enforcesIdempotency]).toEqual([undefined, false]);
  });

  it("brings a preview where people approve, with what must stay the same", async () => {
    const preview = ({ n }: { n: number }) => ({ before: 50, after: 50 - n });
    const inputSchema = z.object({ n: z.number() });
    const more = { approvalRequired: true, preview, previewFields: ["after"], previewTimeout: "5s" } as const;
    const shown = tool(() => null, { ...options, inputSchema, ...more });
    expect(await shown.preview?.({ n: 10 }, {} as PreviewContext)).toEqual({ before: 50, after: 40 });
    expect(shown.message.preview).toMatchObject({ fields: ["after"], timeout: { seconds: 5n } });
    const bare = tool(() => null, { ...options, inputSchema, approvalRequired: true });
    expect([bare.preview, bare.message.preview]).toEqual([undefined, undefined]);
  });

  it("refuses a schema that is not one of an object, and one that JSON Schema cannot say", () => {
    expect(() => tool(() => null, { ...options, inputSchema: z.string() })).toThrow(/"type": "object"/);
    expect(() => tool(() => null, { ...options, inputSchema: z.object({ at: z.date() }) })).toThrow(/Date cannot/);
    expect(() => tool(() => null, { ...options, inputSchema: { type: "nothing" } })).toThrow(/get_order/);
  });
});

describe("the arguments of a tool", () => {
  const order = tool(() => null, {
    ...options,
    inputSchema: z.object({
      order_id: z.string().min(3),
      currency: z.string().default("EUR"),
      extra: z.record(z.string(), z.unknown()).optional(),
    }),
  });

  it("are what zod makes of them: defaults are there", async () => {
    expect(await order.readArguments({ order_id: "ORD-1" })).toEqual({
      ok: true,
      value: { order_id: "ORD-1", currency: "EUR" },
    });
  });

  it("are refused with the place of the fault", async () => {
    expect(await order.readArguments({ order_id: "x" })).toMatchObject({ ok: false, problem: /order_id/ });
  });

  it("are refused where the schema has no such key, since a person would approve what the tool never sees", async () => {
    expect(await order.readArguments({ order_id: "ORD-1", note: "!" })).toMatchObject({ ok: false, problem: /note/ });
  });

  it("keep keys named __proto__ as their own", async () => {
    const value: unknown = JSON.parse('{"order_id":"ORD-1","extra":{"__proto__":{"admin":true},"a":1}}');
    const read = await order.readArguments(value);
    if (!read.ok) throw new Error(read.problem);
    const { extra } = read.value as { extra: Record<string, unknown> };
    expect(Object.keys(extra).sort()).toEqual(["__proto__", "a"]);
    expect(extra.admin).toBeUndefined();
  });

  it("may be checked by code that waits, and a check that throws refuses", async () => {
    const check = (verdict: () => Promise<boolean>) =>
      tool(() => null, { ...options, inputSchema: z.object({ a: z.string().refine(verdict) }) }).readArguments({
        a: "x",
      });
    expect(await check(async () => true)).toMatchObject({ ok: true });
    expect(await check(async () => false)).toMatchObject({ ok: false });
    expect(await check(() => Promise.reject(new Error("away")))).toMatchObject({ ok: false, problem: /away/ });
  });

  it("of a JSON Schema are handed on as they are", async () => {
    const inputSchema = { type: "object", properties: { n: { type: "integer" } }, required: ["n"] };
    const counted = tool(() => null, { ...options, inputSchema });
    expect(await counted.readArguments({ n: 1, m: 2 })).toEqual({ ok: true, value: { n: 1, m: 2 } });
    expect(await counted.readArguments({ n: 1.5 })).toMatchObject({ ok: false });
  });
});
