// What a tool says is never lost for its form, and hurts nobody who reads it later.
import { canonicalJson } from "@agentspan/internal";
import { CompletionStatus, EventSchema } from "@agentspan/proto";
import { fromBinary, fromJsonString, toBinary, toJsonString } from "@bufbuild/protobuf";
import { beforeEach, describe, expect, it } from "vitest";
import { modelRequest } from "../../src/core/index.js";
import { encodeEvent } from "../../src/encode/event.js";
import { chatRequest } from "../../src/models/chat-request.js";
import { providersFrom } from "../../src/models/providers.js";
import { Office } from "../scenes/office.js";
import { type Desk, RUN, Scene } from "../scenes/scene.js";

let desk: Desk;
let office: Office;

beforeEach(async () => {
  desk = new Scene().desk("orc_1");
  office = new Office(desk);
  await office.register();
  await desk.startWith(["charge"]);
  await office.claim({ nonce: "n1" });
});

const DEEP = "[".repeat(10_000) + "]".repeat(10_000);
const DEEP_OBJECT = `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`;
const DEEPEST = "[".repeat(131_072) + "]".repeat(131_072);

/** What came, and what is kept of it. */
const RESULTS = [
  ["half an object", "{", '"{"'],
  ["NaN", "NaN", '"NaN"'],
  ["two values", "1 2", '"1 2"'],
  ["nothing", "", '""'],
  ["a NUL", "a\u0000", '"a\\u0000"'],
  ["a NUL, escaped", '"a\\u0000"', '"a\\u0000"'],
  ["half a character", '"\ud83d"', '"\uFFFD"'],
  ["half a character that is no JSON", "\ud83d", '"\uFFFD"'],
  ["half a character, escaped", '"\\ud83d"', '"\\ud83d"'],
  ["a prototype", '{"__proto__":1}', '{"__proto__":1}'],
  ["10,000 lists in each other", DEEP, DEEP],
  ["10,000 objects in each other", DEEP_OBJECT, DEEP_OBJECT],
  ["as many lists in each other as fit", DEEPEST, DEEPEST],
] as const;

/** The events as GetHistory tells them, over gRPC and as JSON. */
async function told() {
  const { events } = await desk.stored();
  return events.map((event) => {
    const encoded = encodeEvent(RUN, "desk", event, { arguments: () => "{}", at: () => undefined });
    const sent = fromBinary(EventSchema, toBinary(EventSchema, encoded));
    expect(fromJsonString(EventSchema, toJsonString(EventSchema, encoded))).toEqual(sent);
    expect(sent).toEqual(encoded);
    return sent.event;
  });
}

/** The request that the model gets next, through its bytes. */
async function asked(): Promise<string> {
  const { events } = await desk.stored();
  const provider = providersFrom({}).providers.get("openai");
  if (provider === undefined) throw new Error("There is no provider.");
  const request = chatRequest(modelRequest(await desk.agent(), events), "m", provider);
  const bytes = Buffer.from(JSON.stringify(request));
  expect(JSON.parse(bytes.toString())).toEqual(request);
  const last = request.messages.at(-1);
  return typeof last?.content === "string" ? last.content : "";
}

describe("a result", () => {
  it.each(RESULTS)("that is %s is kept, and read by everybody later", async (_what, resultJson, kept) => {
    expect((await office.complete({ nonce: "n1" }, { resultJson })).status).toBe(CompletionStatus.ACCEPTED);
    expect((await office.complete({ nonce: "n1" }, { resultJson })).status).toBe(CompletionStatus.ACCEPTED);
    const { run, events } = await desk.stored();
    expect(run.turn).toMatchObject({ number: 2, model: { kind: "calling" } });
    expect(events.at(-1)?.fact).toMatchObject({ type: "tool_result", outcome: { kind: "result", text: kept } });
    expect((await told()).at(-1)).toMatchObject({
      case: "toolResult",
      value: { outcome: { case: "resultJson", value: kept } },
    });
    expect(await asked()).toBe(kept);
    // Refused or read, and never thrown: a person may send the same in a result's place.
    expect(canonicalJson(kept).ok).toBe(![DEEP, DEEP_OBJECT, DEEPEST].includes(kept) && !/\\u(d83d|0000)/u.test(kept));
  });
});

describe("an error", () => {
  it("with half a character or a NUL in it is told to everybody", async () => {
    const error = "a\ud83d b\u0000 c\udc00";
    expect((await office.complete({ nonce: "n1" }, { error })).status).toBe(CompletionStatus.ACCEPTED);
    const kept = "a\uFFFD b\u0000 c\uFFFD";
    expect((await told()).at(-1)).toMatchObject({ value: { outcome: { case: "error", value: kept } } });
    expect(await asked()).toBe(`Error: ${kept}`);
  });
});
