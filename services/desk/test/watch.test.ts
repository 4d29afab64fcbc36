import { type WatchApprovalsResponse, WatchApprovalsResponseSchema } from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { type Connection, followWatch, type WatchOptions } from "../src/api/watch.js";

const CUT = new Error("the connection was cut");

function change(cursor: string): WatchApprovalsResponse {
  return create(WatchApprovalsResponseSchema, { cursor });
}

/** Each attempt tells these changes and then fails, or ends, or, as the last one, stays. */
type Attempt = { readonly cursors: readonly string[]; readonly ends: Error | "end" | "stay" };

async function aborted(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  throw signal.reason;
}

async function follow(
  attempts: readonly Attempt[],
  after: (error: unknown) => "resume" | "anew" | "stop" = () => "resume",
  more: Partial<Pick<WatchOptions<WatchApprovalsResponse>, "from" | "isOver">> = {},
) {
  const over = new AbortController();
  const seen = { from: [] as string[], told: [] as string[], pauses: [] as number[], states: [] as Connection[] };
  await followWatch({
    watch: async function* (cursor, signal) {
      const attempt = attempts[seen.from.length];
      seen.from.push(cursor);
      if (attempt === undefined) throw new Error("One attempt more than there should be");
      for (const one of attempt.cursors) yield change(one);
      if (attempt.ends instanceof Error) throw attempt.ends;
      if (attempt.ends === "stay") {
        queueMicrotask(() => over.abort());
        await aborted(signal);
      }
    },
    cursorOf: ({ cursor }) => cursor,
    ...more,
    ask: () => new Promise(() => undefined),
    onChanges: (changes, anew) => {
      if (anew) seen.told.push("anew");
      seen.told.push(...changes.map(({ cursor }) => cursor));
    },
    onConnection: (connection) => {
      if (seen.states.at(-1) !== connection) seen.states.push(connection);
    },
    after,
    pause: async (ms) => {
      seen.pauses.push(ms);
    },
    soon: queueMicrotask,
    signal: over.signal,
  });
  return seen;
}

describe("a watch", () => {
  it("goes on from the last cursor when the connection was cut, or ended by itself", async () => {
    const seen = await follow([
      { cursors: ["1", "2"], ends: CUT },
      { cursors: ["3"], ends: "end" },
      { cursors: ["4"], ends: "stay" },
    ]);
    expect(seen.from).toEqual(["", "2", "3"]);
    expect(seen.told).toEqual(["anew", "1", "2", "3", "4"]);
    expect(seen.states).toEqual(["connecting", "lost", "live", "lost", "live"]);
  });

  it("waits longer for a server that stays away, ten seconds at most, and is quick again after it answered", async () => {
    const away = Array.from({ length: 8 }, (): Attempt => ({ cursors: [], ends: CUT }));
    const seen = await follow([...away, { cursors: ["1"], ends: CUT }, { cursors: ["2"], ends: "stay" }]);
    expect(seen.pauses).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 250]);
  });

  it("begins anew, in place of all before, where the server does not know the cursor", async () => {
    const seen = await follow(
      [
        { cursors: ["1"], ends: CUT },
        { cursors: ["2"], ends: "stay" },
      ],
      () => "anew",
    );
    expect(seen.from).toEqual(["", ""]);
    expect(seen.told).toEqual(["anew", "1", "anew", "2"]);
  });

  it("begins where it is told to, and adds to what is known from before", async () => {
    const seen = await follow([{ cursors: ["8"], ends: "stay" }], undefined, { from: "7" });
    expect(seen.from).toEqual(["7"]);
    expect(seen.told).toEqual(["8"]);
  });

  it("asks no more once a stream ended that has all told, and asks again where it had not", async () => {
    let isOver = false;
    const seen = await follow(
      [
        { cursors: ["1"], ends: "end" },
        { cursors: ["2"], ends: "end" },
      ],
      undefined,
      {
        isOver: () => {
          const before = isOver;
          isOver = true;
          return before;
        },
      },
    );
    expect(seen.from).toEqual(["", "1"]);
    expect(seen.told).toEqual(["anew", "1", "2"]);
  });

  it("stops where it is in vain", async () => {
    const seen = await follow([{ cursors: ["1"], ends: CUT }], () => "stop");
    expect(seen.from).toHaveLength(1);
  });

  it("tries again where the server answers nothing else either", async () => {
    const over = new AbortController();
    let asked = 0;
    await followWatch<WatchApprovalsResponse>({
      cursorOf: ({ cursor }) => cursor,
      watch: (_cursor, signal) => ({ [Symbol.asyncIterator]: () => ({ next: () => aborted(signal) }) }),
      ask: () => {
        asked += 1;
        if (asked === 2) over.abort();
        return Promise.reject(CUT);
      },
      onChanges: () => undefined,
      onConnection: () => undefined,
      after: (error) => {
        expect(error).toBe(CUT);
        return "resume";
      },
      pause: async () => undefined,
      soon: queueMicrotask,
      signal: over.signal,
    });
    expect(asked).toBe(2);
  });
});
