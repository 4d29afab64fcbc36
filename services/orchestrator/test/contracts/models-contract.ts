// What every adapter of the Models port must do. Run against the scripted models and against the real adapter in front
// of a real HTTP server, so that a test that passes with the one tells something about the other.
import { afterEach, describe, expect, it } from "vitest";
import type { FinishReason, ModelFailure, ModelRequest } from "../../src/core/model.js";
import { ModelCallError, type Models } from "../../src/ports.js";

/** What the model behind a fixture does on one request. */
export type ContractStep =
  | {
      readonly kind: "reply";
      readonly text: string;
      readonly calls: readonly { readonly name: string; readonly argumentsText: string }[];
      readonly finishReason: FinishReason;
      readonly usage: { readonly inputTokens: number; readonly outputTokens: number };
    }
  | { readonly kind: "failure"; readonly retryable: boolean; readonly retryAfterMs?: number }
  | { readonly kind: "hang" };

/** Steps by the user's text, one for each request with that text. */
export type ContractScript = Readonly<Record<string, readonly ContractStep[]>>;

export interface ModelsFixture {
  readonly models: Models;
  /** A model that plays the script. */
  readonly model: string;
  /** A model that cannot be used. */
  readonly unusableModel: string;
  /** How many requests the model has been asked so far. */
  requests(): number;
  /** Resolves when that many requests have come to the model. */
  asked(requests: number): Promise<void>;
  close(): Promise<void>;
}

export function modelsContract(name: string, makeFixture: (script: ContractScript) => Promise<ModelsFixture>): void {
  describe(`${name} keeps the contract of Models`, () => {
    let open: ModelsFixture | undefined;
    afterEach(async () => {
      await open?.close();
      open = undefined;
    });

    async function fixtureOf(script: ContractScript): Promise<ModelsFixture> {
      open = await makeFixture(script);
      return open;
    }

    it("gives the text, why it ended and what it cost", async () => {
      const { models, model } = await fixtureOf({ hello: [says("Good day to you.")] });
      const reply = await models.reply(asking(model, "hello"), { signal: neverAborted() });
      expect(reply).toEqual({
        text: "Good day to you.",
        calls: [],
        finishReason: "STOP",
        usage: { inputTokens: 11, outputTokens: 7 },
      });
    });

    it("gives every call of a turn in order, each with an id of its own", async () => {
      const calls = [
        { name: "get_order", argumentsText: '{"order_id":"ORD-1"}' },
        { name: "get_order", argumentsText: '{"order_id":"ORD-2"}' },
        { name: "get_customer", argumentsText: "{}" },
      ];
      const { models, model } = await fixtureOf({ orders: [wants(calls)] });
      const reply = await models.reply(asking(model, "orders"), { signal: neverAborted() });
      expect(reply.finishReason).toBe("TOOL_CALLS");
      expect(reply.calls.map(({ name, argumentsText }) => ({ name, argumentsText }))).toEqual(calls);
      expect(new Set(reply.calls.map(({ modelCallId }) => modelCallId)).size).toBe(3);
      expect(reply.calls.every(({ modelCallId }) => modelCallId !== "")).toBe(true);
    });

    it("passes arguments on as the model wrote them, also where they are no JSON", async () => {
      const calls = [{ name: "process_refund", argumentsText: '{"amount": 29.990, "order_id": "ORD' }];
      const { models, model } = await fixtureOf({ broken: [wants(calls)] });
      const reply = await models.reply(asking(model, "broken"), { signal: neverAborted() });
      expect(reply.calls[0]?.argumentsText).toBe('{"amount": 29.990, "order_id": "ORD');
    });

    it("tells the text in pieces where they are wanted, and gives the same reply", async () => {
      const text = "First this, then that — and für alle at last.";
      const { models, model } = await fixtureOf({ story: [says(text), says(text)] });
      const pieces: string[] = [];
      const onDelta = (piece: string) => pieces.push(piece);
      const streamed = await models.reply(asking(model, "story"), { signal: neverAborted(), onDelta });
      const whole = await models.reply(asking(model, "story"), { signal: neverAborted() });
      expect(pieces.join("")).toBe(text);
      expect(pieces).not.toContain("");
      expect(streamed).toEqual(whole);
    });

    it("gives calls the same whether the text is wanted in pieces or not", async () => {
      const calls = [
        { name: "get_order", argumentsText: '{"order_id":"ORD-8821"}' },
        { name: "get_customer", argumentsText: '{"customer_id":"cust_001"}' },
      ];
      const { models, model } = await fixtureOf({ both: [wants(calls)] });
      const reply = await models.reply(asking(model, "both"), { signal: neverAborted(), onDelta: () => {} });
      expect(reply.finishReason).toBe("TOOL_CALLS");
      expect(reply.calls.map(({ name, argumentsText }) => ({ name, argumentsText }))).toEqual(calls);
    });

    it("tells a reply that was cut by the token limit", async () => {
      const { models, model } = await fixtureOf({ long: [{ ...says("And so on and"), finishReason: "LENGTH" }] });
      const reply = await models.reply(asking(model, "long"), { signal: neverAborted() });
      expect(reply).toMatchObject({ text: "And so on and", finishReason: "LENGTH" });
    });

    it("tells a refusal, with its words", async () => {
      const { models, model } = await fixtureOf({ bad: [{ ...says("I will not do that."), finishReason: "REFUSED" }] });
      const reply = await models.reply(asking(model, "bad"), { signal: neverAborted() });
      expect(reply).toMatchObject({ text: "I will not do that.", calls: [], finishReason: "REFUSED" });
    });

    it("makes one attempt: a failure that may pass is reported with the wait, and the next attempt is the caller's", async () => {
      const script = {
        busy: [{ kind: "failure", retryable: true, retryAfterMs: 7000 }, says("Now it works.")],
      } as const;
      const { models, model, requests } = await fixtureOf(script);
      const failure = await failureOf(models.reply(asking(model, "busy"), { signal: neverAborted() }));
      expect(failure).toMatchObject({ retryable: true, retryAfterMs: 7000 });
      expect(requests()).toBe(1);
      const reply = await models.reply(asking(model, "busy"), { signal: neverAborted() });
      expect(reply.text).toBe("Now it works.");
    });

    it("reports a failure that repeating cannot mend", async () => {
      const { models, model } = await fixtureOf({ wrong: [{ kind: "failure", retryable: false }] });
      const failure = await failureOf(models.reply(asking(model, "wrong"), { signal: neverAborted() }));
      expect(failure.retryable).toBe(false);
      expect(failure.message).not.toBe("");
    });

    it("ends a call in progress with the signal's reason", async () => {
      const { models, model, asked } = await fixtureOf({ slow: [{ kind: "hang" }] });
      const abort = new AbortController();
      const reply = models.reply(asking(model, "slow"), { signal: abort.signal });
      await asked(1);
      const reason = new Error("The run was cancelled.");
      abort.abort(reason);
      await expect(reply).rejects.toBe(reason);
    });

    it("does not ask the model at all where the signal came first", async () => {
      const { models, model, requests } = await fixtureOf({ hello: [says("Too late.")] });
      const reason = new Error("Shutting down.");
      await expect(models.reply(asking(model, "hello"), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      expect(requests()).toBe(0);
    });

    it("keeps calls that run at once apart", async () => {
      const texts = Array.from({ length: 20 }, (_, index) => `question ${index}`);
      const script = Object.fromEntries(texts.map((text) => [text, [says(`answer to ${text}`)]]));
      const { models, model } = await fixtureOf(script);
      const replies = await Promise.all(
        texts.map((text) => models.reply(asking(model, text), { signal: neverAborted() })),
      );
      expect(replies.map(({ text }) => text)).toEqual(texts.map((text) => `answer to ${text}`));
    });

    it("says beforehand that a model cannot be used, and fails with the same words", async () => {
      const { models, model, unusableModel, requests } = await fixtureOf({});
      expect(models.unusable(model)).toBeUndefined();
      const problem = models.unusable(unusableModel);
      expect(problem).toMatch(/\w+.*\.$/);
      const failure = await failureOf(models.reply(asking(unusableModel, "hello"), { signal: neverAborted() }));
      expect(failure).toEqual({ message: problem, retryable: false });
      expect(requests()).toBe(0);
    });
  });
}

/** A request as the core makes it for a run's first turn. */
export function asking(model: string, text: string, more: Partial<ModelRequest> = {}): ModelRequest {
  return {
    model,
    messages: [
      { role: "system", text: "You are a test." },
      { role: "user", text },
    ],
    tools: [],
    ...more,
  };
}

export async function failureOf(reply: Promise<unknown>): Promise<ModelFailure> {
  const thrown = await reply.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(thrown instanceof ModelCallError)) throw new Error("A ModelCallError was expected.", { cause: thrown });
  expect(thrown.message).toBe(thrown.failure.message);
  return thrown.failure;
}

export function neverAborted(): AbortSignal {
  return new AbortController().signal;
}

function says(text: string): ContractStep & { kind: "reply" } {
  return { kind: "reply", text, calls: [], finishReason: "STOP", usage: { inputTokens: 11, outputTokens: 7 } };
}

function wants(calls: readonly { name: string; argumentsText: string }[]): ContractStep {
  return { kind: "reply", text: "", calls, finishReason: "TOOL_CALLS", usage: { inputTokens: 11, outputTokens: 7 } };
}
