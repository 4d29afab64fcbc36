import { describe, expect, it } from "vitest";
import type { ModelReply } from "../../src/core/model.js";
import { BrokenAnswerError, replyFrom, StreamedReply } from "../../src/models/chat-reply.js";
import { completion } from "./wire.js";

const NO_IDS: ReadonlySet<string> = new Set();

function call(name: string, args: unknown, id?: unknown, index?: number) {
  return { index, id, type: "function", function: { name, arguments: args } };
}

function reply(message: unknown, finishReason?: unknown, usage?: unknown): ModelReply {
  return replyFrom(completion(message, finishReason, usage), NO_IDS);
}

/** The same reply as a stream of these deltas. */
function streamed(...deltas: readonly unknown[]): ModelReply {
  const whole = new StreamedReply();
  for (const delta of deltas) whole.add({ choices: [{ delta, finish_reason: null }] });
  whole.add({ choices: [{ delta: {}, finish_reason: "tool_calls" }] });
  return whole.finish(NO_IDS);
}

function callsOf({ calls }: ModelReply) {
  return calls.map(({ name, argumentsText }) => [name, argumentsText]);
}

describe("a chat completion", () => {
  it.each([
    ["stop", "STOP"],
    ["length", "LENGTH"],
    ["content_filter", "REFUSED"],
    ["end_turn", "STOP"],
    [null, "STOP"],
    [undefined, "STOP"],
  ])("with text that ended by %j is %s", (finish, finishReason) => {
    expect(replyFrom({ choices: [{ message: { content: "Hi." }, finish_reason: finish }] }, NO_IDS)).toEqual({
      text: "Hi.",
      calls: [],
      finishReason,
      usage: { inputTokens: 0, outputTokens: 0 },
    });
  });

  it("wants tools where it has calls, whatever reason it names", () => {
    for (const finish of ["tool_calls", "stop", "function_call", null]) {
      expect(reply({ content: null, tool_calls: [call("a", "{}", "1")] }, finish).finishReason).toBe("TOOL_CALLS");
    }
    expect(reply({ content: "Nothing to do.", tool_calls: [] }, "tool_calls").finishReason).toBe("STOP");
    expect(reply({ content: "", tool_calls: [call("a", '{"x', "1")] }, "length").finishReason).toBe("LENGTH");
  });

  it("makes ids where they are missing, empty, no text, or used before", () => {
    const tool_calls = [
      call("a", "{}"),
      call("b", "{}", ""),
      call("c", "{}", 7),
      call("d", "{}", "x"),
      call("e", "{}", "x"),
    ];
    const { calls } = replyFrom(completion({ tool_calls }), new Set(["y"]));
    const ids = calls.map(({ modelCallId }) => modelCallId);
    expect(new Set(ids).size).toBe(5);
    expect(ids[3]).toBe("x");
    for (const id of [0, 1, 2, 4].map((index) => ids[index])) expect(id).toMatch(/^[a-z0-9]{9}$/);
    const again = replyFrom(completion({ tool_calls: [call("d", "{}", "y")] }), new Set(["y"]));
    expect(again.calls[0]?.modelCallId).not.toBe("y");
  });

  it("passes arguments on as text, and takes none for none", () => {
    expect(
      callsOf(reply({ tool_calls: [call("a", '{"x":', "1"), call("b", "", "2"), call("c", undefined, "3")] })),
    ).toEqual([
      ["a", '{"x":'],
      ["b", "{}"],
      ["c", "{}"],
    ]);
    expect(callsOf(reply({ tool_calls: [call("a", "", "1")] }, "length"))).toEqual([["a", ""]]);
  });

  it("refuses arguments that are no text, since their numbers may be others by now", () => {
    const answer = () => reply({ tool_calls: [call("process_refund", { amount: 29.99 }, "1")] });
    expect(answer).toThrow("it gives the arguments of process_refund as object, not as text");
    expect(answer).toThrow(expect.objectContaining({ retryable: false }));
  });

  it("keeps a call without a name, which the core answers", () => {
    expect(callsOf(reply({ tool_calls: [{ id: "1" }, null] }))).toEqual([
      ["", "{}"],
      ["", "{}"],
    ]);
  });

  it("is refused where there is a refusal or a filter, and carries nothing out then", () => {
    const refused = { content: null, refusal: "I cannot help with that.", tool_calls: [call("a", "{}", "1")] };
    expect(reply(refused)).toMatchObject({ text: "I cannot help with that.", calls: [], finishReason: "REFUSED" });
    expect(reply({ content: "Half an ans" }, "content_filter").text).toBe("Half an ans");
    expect(reply({ content: null }, "content_filter").text).toBe("The provider's content filter withheld the reply.");
    expect(reply({ content: "Yes.", refusal: null }).finishReason).toBe("STOP");
  });

  it("joins text that comes in parts", () => {
    const content = [{ type: "text", text: "Good " }, { type: "thinking" }, { type: "text", text: "day." }];
    expect(reply({ content }).text).toBe("Good day.");
  });

  it("counts tokens where they are told as counts", () => {
    expect(reply({}, "stop", { prompt_tokens: 12, completion_tokens: 3, total_tokens: 15 }).usage).toEqual({
      inputTokens: 12,
      outputTokens: 3,
    });
    expect(reply({}, "stop", { prompt_tokens: "12", completion_tokens: -1 }).usage).toEqual({
      inputTokens: 0,
      outputTokens: 0,
    });
  });

  it.each([
    ["an HTML page", "<!DOCTYPE html><html>", "it is no JSON but an HTML page"],
    ["nothing", "", "it is no JSON but empty"],
    ["words", "upstream error", "it is no JSON but plain text"],
    ["null", null, "it is no JSON object"],
    ["a list", [], "it is no JSON object"],
    ["no choices", { choices: [] }, "it has no choices"],
    ["choices of another kind", { choices: "many" }, "it has no choices"],
    ["a choice without a message", { choices: [{ finish_reason: "stop" }] }, "it has no choices"],
    ["a failed generation", completion({ content: "" }, "error"), 'the model stopped with "error"'],
    [
      "a call that Gemini could not form",
      completion({ content: "" }, "function_call_filter: MALFORMED_FUNCTION_CALL"),
      'the model stopped with "function_call_filter: MALFORMED_FUNCTION_CALL"',
    ],
  ])("that is %s is broken and worth another attempt", (_, answer, message) => {
    expect(() => replyFrom(answer, NO_IDS)).toThrow(new BrokenAnswerError(message));
    expect(() => replyFrom(answer, NO_IDS)).toThrow(expect.objectContaining({ retryable: true }));
  });
});

describe("a streamed reply", () => {
  it("is put together from fragments of text and calls", () => {
    const whole = new StreamedReply();
    const pieces = [
      { role: "assistant", content: "" },
      { content: "Let me " },
      { content: "look." },
      { tool_calls: [call("get_order", "", "a", 0)] },
      { tool_calls: [{ index: 0, function: { arguments: '{"order' } }] },
      { tool_calls: [call("get_customer", "{", "b", 1), { index: 0, function: { arguments: '_id":1}' } }] },
      { tool_calls: [{ index: 1, function: { arguments: "}" } }] },
    ].map((delta) => whole.add({ choices: [{ delta, finish_reason: null }], usage: null }));
    whole.add({ choices: [{ delta: {}, finish_reason: "tool_calls" }] });
    whole.add({ choices: [], usage: { prompt_tokens: 9, completion_tokens: 4 } });
    expect(pieces).toEqual(["", "Let me ", "look.", "", "", "", ""]);
    expect(whole.finish(NO_IDS)).toEqual({
      text: "Let me look.",
      calls: [
        { modelCallId: "a", name: "get_order", argumentsText: '{"order_id":1}' },
        { modelCallId: "b", name: "get_customer", argumentsText: "{}" },
      ],
      finishReason: "TOOL_CALLS",
      usage: { inputTokens: 9, outputTokens: 4 },
    });
  });

  it("keeps calls apart that come whole and without an index", () => {
    const expected = [
      ["a", '{"x":1}'],
      ["b", "{}"],
    ];
    const whole = (id?: string) => [call("a", '{"x":1}', id && `${id}1`), call("b", "{}", id && `${id}2`)];
    expect(callsOf(streamed({ tool_calls: whole("id") }))).toEqual(expected);
    expect(callsOf(streamed({ tool_calls: whole() }))).toEqual(expected);
    expect(callsOf(streamed(...whole("id").map((one) => ({ tool_calls: [one] }))))).toEqual(expected);
  });

  it("keeps calls apart that all have the index 0", () => {
    const deltas = [call("a", '{"x":1}', "1", 0), call("b", "{}", "2", 0)].map((one) => ({ tool_calls: [one] }));
    expect(callsOf(streamed(...deltas))).toEqual([
      ["a", '{"x":1}'],
      ["b", "{}"],
    ]);
  });

  it("takes fragments that repeat the id and the name for one call", () => {
    const fragments = ['{"x"', ":1}"].map((args) => ({ tool_calls: [call("a", args, "1", 0)] }));
    expect(callsOf(streamed(...fragments))).toEqual([["a", '{"x":1}']]);
    const unnumbered = ['{"x"', ":1}"].map((args) => ({ tool_calls: [call("a", args, "1")] }));
    expect(callsOf(streamed(...unnumbered))).toEqual([["a", '{"x":1}']]);
  });

  it("streams the words of a refusal", () => {
    const whole = new StreamedReply();
    expect(whole.add({ choices: [{ delta: { refusal: "No." }, finish_reason: "stop" }] })).toBe("No.");
    expect(whole.finish(NO_IDS)).toMatchObject({ text: "No.", finishReason: "REFUSED" });
  });

  it("is broken where it ends before the model said why", () => {
    const whole = new StreamedReply();
    whole.add({ choices: [{ delta: { content: "Half" }, finish_reason: null }] });
    expect(() => whole.finish(NO_IDS)).toThrow("the stream ended before the reply did");
  });

  it("passes over chunks that say nothing", () => {
    const whole = new StreamedReply();
    for (const chunk of [null, "x", {}, { choices: [] }, { choices: [null] }, { choices: [{ delta: null }] }]) {
      expect(whole.add(chunk)).toBe("");
    }
  });
});
