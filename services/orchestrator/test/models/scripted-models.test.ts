import { describe, expect, it } from "vitest";
import type { ModelRequest } from "../../src/core/model.js";
import {
  callsTools,
  delayed,
  fails,
  Gate,
  gated,
  hangs,
  ScriptedModels,
  type ScriptedStep,
  says,
} from "../../src/models/scripted-models.js";
import { asking, type ContractStep, failureOf, modelsContract, neverAborted } from "../contracts/models-contract.js";

modelsContract("ScriptedModels", async (script) => {
  const attempts = Object.entries(script).map(([text, steps]) => [text, [steps.map(scripted)]] as const);
  const unusable = (model: string) => (model === "nobody/x" ? "No provider is called nobody." : undefined);
  const models = new ScriptedModels(Object.fromEntries(attempts), { unusable });
  return {
    models,
    model: "openai/test",
    unusableModel: "nobody/x",
    requests: () => models.calls.length,
    asked: async (requests) => expect(models.calls.length).toBe(requests),
    close: async () => {},
  };
});

function scripted(step: ContractStep): ScriptedStep {
  switch (step.kind) {
    case "reply": {
      const calls = step.calls.map(({ name, argumentsText }) => ({ name, arguments: argumentsText }));
      return callsTools(calls, { ...step, deltas: step.text.split(/(?= )/) });
    }
    case "failure":
      return fails(step);
    case "hang":
      return hangs();
  }
}

const signal = neverAborted();

function afterReplies(request: ModelRequest, replies: number): ModelRequest {
  const answered = Array.from({ length: replies }, () => ({ role: "assistant", text: "…", calls: [] }) as const);
  return { ...request, messages: [...request.messages, ...answered] };
}

describe("ScriptedModels", () => {
  it("finds the turn by the replies in the conversation and the attempt by counting", async () => {
    const models = new ScriptedModels([[fails(), says("one")], says("two")]);
    const request = asking("openai/test", "refund");
    expect((await failureOf(models.reply(request, { signal }))).retryable).toBe(true);
    expect((await models.reply(request, { signal })).text).toBe("one");
    expect((await models.reply(afterReplies(request, 1), { signal })).text).toBe("two");
    expect(models.calls.map(({ turn, attempt }) => [turn, attempt])).toEqual([
      [1, 1],
      [1, 2],
      [2, 1],
    ]);
    models.assertUsed();
  });

  it("plays a list for every conversation, and each by itself", async () => {
    const models = new ScriptedModels([says("hello")]);
    expect((await models.reply(asking("openai/test", "a"), { signal })).text).toBe("hello");
    expect((await models.reply(asking("openai/test", "b"), { signal })).text).toBe("hello");
    models.assertUsed();
  });

  it("fails on a request that the script does not have, and still reports it at the end", async () => {
    const models = new ScriptedModels({ refund: [says("done")] });
    await models.reply(asking("openai/test", "refund"), { signal });
    const failure = await failureOf(models.reply(asking("openai/test", "refund"), { signal }));
    expect(failure).toEqual({
      message: 'The script has nothing for turn 1, attempt 2 of "refund".',
      retryable: false,
    });
    await failureOf(models.reply(asking("openai/test", "toString"), { signal }));
    expect(() => models.assertUsed()).toThrow(/turn 1, attempt 2 of "refund"[\s\S]*turn 1, attempt 1 of "toString"/);
  });

  it("reports the steps that nobody asked for", async () => {
    const models = new ScriptedModels({ refund: [says("a"), [fails(), says("b")]], other: [says("c")] });
    await models.reply(asking("openai/test", "refund"), { signal });
    expect(() => models.assertUsed()).toThrow(
      [
        'The script\'s turn 2, attempt 1 of "refund" was not asked for.',
        'The script\'s turn 2, attempt 2 of "refund" was not asked for.',
        'The script\'s turn 1, attempt 1 of "other" was not asked for.',
      ].join("\n"),
    );
    expect(() => new ScriptedModels([says("never")]).assertUsed()).toThrow('"any text"');
  });

  it("asks a function for any number of runs", async () => {
    const models = new ScriptedModels(({ userText, turn }) => (turn === 1 ? says(`re: ${userText}`) : undefined));
    const texts = ["a", "b", "a"];
    const replies = await Promise.all(texts.map((text) => models.reply(asking("openai/test", text), { signal })));
    expect(replies.map(({ text }) => text)).toEqual(["re: a", "re: b", "re: a"]);
    models.assertUsed();
    await failureOf(models.reply(afterReplies(asking("openai/test", "a"), 1), { signal }));
    expect(() => models.assertUsed()).toThrow("turn 2");
  });

  it("holds a call at a gate until the test opens it, or the call is aborted", async () => {
    const gate = new Gate();
    const models = new ScriptedModels([[gated(gate, says("through")), gated(gate, says("through"))]]);
    const abort = new AbortController();
    const first = models.reply(asking("openai/test", "x"), { signal });
    const second = models.reply(asking("openai/test", "x"), { signal: abort.signal });
    await gate.reached;
    abort.abort(new Error("stop"));
    await expect(second).rejects.toThrow("stop");
    gate.open();
    expect((await first).text).toBe("through");
  });

  it("ends a delayed call with the signal's reason", async () => {
    const models = new ScriptedModels([[delayed(60_000, says("late")), delayed(1, says("late"))]]);
    const abort = new AbortController();
    const reply = models.reply(asking("openai/test", "x"), { signal: abort.signal });
    abort.abort("because");
    await expect(reply).rejects.toBe("because");
    expect((await models.reply(asking("openai/test", "x"), { signal })).text).toBe("late");
  });

  it("makes ids of calls that are distinct over the whole conversation", async () => {
    const call = { name: "get_order", arguments: { order_id: "ORD-1" } };
    const models = new ScriptedModels([callsTools([call, call]), callsTools([call])]);
    const request = asking("openai/test", "x");
    const first = await models.reply(request, { signal });
    const second = await models.reply(afterReplies(request, 1), { signal });
    const ids = [...first.calls, ...second.calls].map(({ modelCallId }) => modelCallId);
    expect(new Set(ids).size).toBe(3);
    expect(first.calls[0]?.argumentsText).toBe('{"order_id":"ORD-1"}');
  });
});
