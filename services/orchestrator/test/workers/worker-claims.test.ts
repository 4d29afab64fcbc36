// Who is granted a task, and whose it stays.
import { CompletionStatus, ReleaseReason } from "@agentspan/proto";
import { beforeEach, describe, expect, it } from "vitest";
import type { Office } from "../scenes/office.js";
import { type Desk, RUN } from "../scenes/scene.js";
import { second, stateOf, told, withTwoOffices } from "../scenes/two-offices.js";

let desk: Desk;
let office: Office;
/** Another orchestrator on the same database. */
let other: Office;

withTwoOffices((made) => {
  ({ desk, office, other } = made);
});

describe("a plain task", () => {
  beforeEach(async () => {
    await desk.startWith(["look_up"]);
  });

  it("is granted without a write, kept from others meanwhile, and stored after a second", async () => {
    desk.store.forgetCalls();
    expect(told(await office.claim({ nonce: "n1" }))).toBe("grant");
    expect(desk.store.count("commit")).toBe(0);
    expect(told(await office.claim({ nonce: "n2" }, "w1"))).toBe("TAKEN");
    expect(told(await office.claim({ nonce: "n1" }))).toBe("grant");
    expect(await stateOf(desk)).toMatchObject({ kind: "ready" });
    await second();
    expect(await stateOf(desk)).toMatchObject({ kind: "claimed", nonce: "n1" });
    expect(told(await other.claim({ nonce: "n2" }))).toBe("TAKEN");
  });

  it("is stored with its outcome where that comes first, in one write", async () => {
    await office.claim({ nonce: "n1" });
    desk.store.forgetCalls();
    expect((await office.complete({ nonce: "n1" })).status).toBe(CompletionStatus.ACCEPTED);
    expect(desk.store.count("commit")).toBe(1);
    await second();
    expect(desk.store.count("commit")).toBe(1);
    const facts = (await desk.stored()).events.map(({ fact }) => fact.type);
    expect(facts.slice(-2)).toEqual(["tool_started", "tool_result"]);
  });

  it("is stored by a heartbeat, taken by whichever orchestrator", async () => {
    await office.claim({ nonce: "n1" });
    expect((await other.heartbeat([{ nonce: "n1" }])).stop).toEqual([]);
    expect(await stateOf(desk)).toMatchObject({ kind: "claimed", nonce: "n1" });
  });

  it("of a worker that lost the race is told to stop", async () => {
    await office.claim({ nonce: "n1" });
    await other.claim({ nonce: "n2" });
    expect((await other.heartbeat([{ nonce: "n2" }])).stop).toEqual([]);
    expect((await office.heartbeat([{ nonce: "n1" }])).stop).toEqual(["n1"]);
  });

  it("that has begun goes on through a pause, and its outcome is taken", async () => {
    await office.claim({ nonce: "n1" });
    await desk.execute({ type: "pause", who: "alex", reason: "", requestId: "p1" });
    expect((await office.heartbeat([{ nonce: "n1" }])).stop).toEqual([]);
    await office.register("w2");
    expect(told(await office.claim({ nonce: "n9" }, "w2"))).toBe("TAKEN");
    expect((await office.complete({ nonce: "n1" })).status).toBe(CompletionStatus.ACCEPTED);
  });

  it("is kept from others while the store is away, and stored when it is back", async () => {
    await office.claim({ nonce: "n1" });
    desk.store.isAway = true;
    await second();
    await second();
    desk.store.isAway = false;
    expect(told(await office.claim({ nonce: "n2" }))).toBe("TAKEN");
    await second();
    expect(await stateOf(desk)).toMatchObject({ kind: "claimed", nonce: "n1" });
  });

  it("is not let go by an outcome or a release of somebody else", async () => {
    await office.claim({ nonce: "n1" });
    expect((await office.release({ nonce: "n8", attempt: 2 })).released).toBe(false);
    await office.complete({ nonce: "n9", attempt: 2 });
    expect(told(await office.claim({ nonce: "n2" }))).toBe("TAKEN");
  });

  it("is stored at once when the orchestrator stops: nobody else knows of it", async () => {
    await office.claim({ nonce: "n1" });
    await office.service.stop();
    expect(await stateOf(desk)).toMatchObject({ kind: "claimed", nonce: "n1" });
  });

  it("that fails is tried again by its policy, as the next attempt", async () => {
    await office.claim({ nonce: "n1" });
    expect((await office.complete({ nonce: "n1" }, { error: "busy", retryable: true })).status).toBe(
      CompletionStatus.ACCEPTED,
    );
    expect(await stateOf(desk)).toMatchObject({ kind: "ready", attempt: 2 });
    expect(told(await office.claim({ nonce: "n1" }))).toBe("TAKEN");
  });
});

describe("a guarded task", () => {
  beforeEach(async () => {
    await desk.startWith(["charge"]);
  });

  it("is in the store before it is granted, and granted to one", async () => {
    desk.store.befall("commit", "away");
    expect(told(await office.claim({ nonce: "n1" }))).toBe("STORE_UNAVAILABLE");
    const [one, another] = await Promise.all([office.claim({ nonce: "n1" }), other.claim({ nonce: "n2" })]);
    expect([told(one), told(another)].toSorted()).toEqual(["TAKEN", "grant"]);
    expect(await stateOf(desk)).toMatchObject({ kind: "claimed" });
  });

  it("whose grant was lost is granted again to the same nonce, by whichever orchestrator", async () => {
    const first = await office.claim({ nonce: "n1" });
    const again = await other.claim({ nonce: "n1" });
    expect(again.answer).toMatchObject({ case: "grant" });
    expect(first.answer.case === "grant" && again.answer.case === "grant").toBe(true);
    if (first.answer.case !== "grant" || again.answer.case !== "grant") return;
    expect(again.answer.value.argumentsDigest).toBe(first.answer.value.argumentsDigest);
    expect(again.answer.value.idempotencyKey).toBe(`${RUN}-t1c1`);
  });

  it("given back not begun may be claimed by another", async () => {
    await office.claim({ nonce: "n1" });
    expect((await other.release({ nonce: "n1" }, ReleaseReason.TOO_LATE)).released).toBe(true);
    expect((await other.release({ nonce: "n1" }, ReleaseReason.TOO_LATE)).released).toBe(true);
    expect(told(await office.claim({ nonce: "n2", attempt: 2 }))).toBe("grant");
  });

  it("whose outcome is told twice is told the same", async () => {
    await office.claim({ nonce: "n1" });
    expect((await office.complete({ nonce: "n1" })).status).toBe(CompletionStatus.ACCEPTED);
    expect((await other.complete({ nonce: "n1" })).status).toBe(CompletionStatus.ACCEPTED);
    expect((await other.complete({ nonce: "n9" })).status).toBe(CompletionStatus.STALE);
  });
});

describe("a claim whose nonce somebody else knows", () => {
  /** Another worker, and the next start of the one that claimed. */
  const OTHERS = [
    ["w2", {}],
    ["w1", { incarnation: "w1-2" }],
  ] as const;

  beforeEach(async () => {
    for (const [worker, more] of OTHERS) await office.register(worker, more);
  });

  it.each(["charge", "look_up"])("of %s is granted again to the process that made it alone", async (tool) => {
    await desk.startWith([tool]);
    expect(told(await office.claim({ nonce: "n1" }))).toBe("grant");
    for (const [worker, more] of OTHERS) expect(told(await office.claim({ nonce: "n1" }, worker, more))).toBe("TAKEN");
    expect(told(await office.claim({ nonce: "n1" }))).toBe("grant");
  });

  it.each(["charge", "look_up"])("of %s is completed and given back by that process alone", async (tool) => {
    await desk.startWith([tool]);
    await office.claim({ nonce: "n1" });
    for (const [worker, more] of OTHERS) {
      expect(await office.complete({ nonce: "n1" }, {}, worker, more)).toMatchObject({
        status: CompletionStatus.STALE,
        detail: "The claim is another worker's.",
      });
      expect((await office.release({ nonce: "n1" }, ReleaseReason.SHUTTING_DOWN, worker, more)).released).toBe(false);
      expect(await stateOf(desk)).toMatchObject({ kind: "claimed", workerId: "w1", incarnation: "w1-1" });
    }
    expect((await office.complete({ nonce: "n1" })).status).toBe(CompletionStatus.ACCEPTED);
    for (const [worker, more] of OTHERS) {
      expect((await other.complete({ nonce: "n1" }, {}, worker, more)).status).toBe(CompletionStatus.STALE);
    }
    expect((await other.complete({ nonce: "n1" })).status).toBe(CompletionStatus.ACCEPTED);
  });

  it("stays its process's through a pause", async () => {
    await desk.startWith(["look_up"]);
    await office.claim({ nonce: "n1" });
    await desk.execute({ type: "pause", who: "alex", reason: "", requestId: "p1" });
    expect((await office.complete({ nonce: "n1" }, {}, "w2")).status).toBe(CompletionStatus.STALE);
    expect((await office.release({ nonce: "n2" }, ReleaseReason.TOO_LATE, "w2")).released).toBe(false);
    expect((await office.complete({ nonce: "n1" })).status).toBe(CompletionStatus.ACCEPTED);
  });
});
