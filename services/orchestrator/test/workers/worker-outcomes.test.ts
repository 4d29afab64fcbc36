// What workers say became of a task, told once, again or in garbage.
import {
  ClaimRequestSchema,
  CompleteRequestSchema,
  CompletionStatus,
  HeartbeatRequestSchema,
  RegisterRequestSchema,
  ReleaseRequestSchema,
} from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { Office } from "../scenes/office.js";
import { type Desk, RUN, type Scene } from "../scenes/scene.js";
import { instanceOf, stateOf, told, withTwoOffices } from "../scenes/two-offices.js";

let scene: Scene;
let desk: Desk;
let office: Office;
/** Another orchestrator on the same database. */
let other: Office;

withTwoOffices((made) => {
  ({ scene, desk, office, other } = made);
});

describe("a task that its worker said it had begun", () => {
  it("is not given back, whichever orchestrator is asked: a guarded one is a person's to settle", async () => {
    await desk.startWith(["charge"]);
    await office.claim({ nonce: "n1" });
    await office.heartbeat([{ nonce: "n1" }]);
    expect((await other.release({ nonce: "n1" })).released).toBe(false);
    expect((await office.release({ nonce: "n1" })).released).toBe(false);
    expect(await stateOf(desk)).toMatchObject({ kind: "unknown", grantDead: true });
    expect(told(await office.claim({ nonce: "n2", attempt: 2 }))).toBe("TAKEN");
    expect((await desk.stored()).events.filter(({ fact }) => fact.type === "tool_started")).toHaveLength(1);
    // Its outcome is taken all the same.
    expect((await office.complete({ nonce: "n1" })).status).toBe(CompletionStatus.ACCEPTED);
  });

  it("is not given back by leaving it out of the next heartbeat, or by calling it not begun", async () => {
    await desk.startWith(["charge", "charge"]);
    await office.claim({ nonce: "n1" });
    await office.claim({ nonce: "n2", callId: "t1c2" });
    await office.heartbeat([{ nonce: "n1" }, { nonce: "n2", callId: "t1c2" }], "w1", { counter: 1n });
    await office.heartbeat([{ nonce: "n2", callId: "t1c2", begun: false }], "w1", { counter: 2n });
    // Another takes the next one, and a third the release.
    await other.heartbeat([{ nonce: "n2", callId: "t1c2", begun: false }], "w1", { counter: 3n });
    const third = new Office(scene.desk("orc_3"), office.broker);
    expect((await third.release({ nonce: "n1" })).released).toBe(false);
    expect((await third.release({ nonce: "n2", callId: "t1c2" })).released).toBe(false);
    expect(await instanceOf(desk)).toMatchObject({ inHand: ["n2", "begun:n1", "begun:n2"] });
  });

  it("is remembered for some heartbeats after it is no longer in hand, and not for ever", async () => {
    await office.heartbeat([{ nonce: "n1" }]);
    for (let beat = 0; beat < 10; beat += 1) await office.heartbeat();
    expect(await instanceOf(desk)).toMatchObject({ inHand: ["begun:n1"] });
    await office.heartbeat();
    expect(await instanceOf(desk)).toMatchObject({ inHand: [] });
  });

  it("is forgotten with its outcome", async () => {
    await desk.startWith(["charge"]);
    await office.claim({ nonce: "n1" });
    await office.heartbeat([{ nonce: "n1" }]);
    await office.complete({ nonce: "n1" });
    await office.heartbeat();
    expect(await instanceOf(desk)).toMatchObject({ inHand: [] });
  });

  it("counts as an attempt of a plain tool where it is given back, also where its claim is not stored", async () => {
    await desk.startWith(["look_up", "look_up"]);
    await office.claim({ nonce: "n1" });
    await office.heartbeat([{ nonce: "n1" }]);
    expect((await other.release({ nonce: "n1" })).released).toBe(false);
    expect((await desk.stored()).run.turn.calls[0]).toMatchObject({ failures: 1, releases: 0 });
    await office.claim({ nonce: "n2", callId: "t1c2" });
    await desk.execute({ type: "pause", who: "alex", reason: "", requestId: "p1" });
    await office.heartbeat([{ nonce: "n2", callId: "t1c2" }]);
    expect((await office.release({ nonce: "n2", callId: "t1c2" })).released).toBe(false);
    expect((await desk.stored()).run.turn.calls[1]).toMatchObject({ failures: 1, releases: 0 });
  });
});

describe("an outcome that is told again", () => {
  it.each(["charge", "look_up"])("by %s in another form is stale, and told what became of it", async (tool) => {
    await desk.startWith([tool]);
    await office.claim({ nonce: "n1" });
    expect((await office.complete({ nonce: "n1" }, { resultJson: "1" })).status).toBe(CompletionStatus.ACCEPTED);
    const others = [{ resultJson: "2" }, { error: "no" }, { error: "no", retryable: true }];
    for (const outcome of others) {
      expect(await other.complete({ nonce: "n1" }, outcome)).toMatchObject({
        status: CompletionStatus.STALE,
        detail: "Another outcome of this attempt was recorded first.",
      });
    }
    const wrong = { argumentsDigest: `sha256:${"0".repeat(64)}` };
    expect(await office.complete({ nonce: "n1" }, { resultJson: "1" }, "w1", wrong)).toMatchObject({
      status: CompletionStatus.STALE,
      detail: "The digest is not that of the call's arguments.",
    });
    expect((await other.complete({ nonce: "n1" }, { resultJson: "1" })).status).toBe(CompletionStatus.ACCEPTED);
    expect((await desk.stored()).events.filter(({ fact }) => fact.type === "tool_result")).toHaveLength(1);
  });

  it("twenty times at once and differently is accepted once", async () => {
    await desk.startWith(["charge"]);
    await office.claim({ nonce: "n1" });
    const told = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        (at % 2 === 0 ? office : other).complete({ nonce: "n1" }, { resultJson: `${at}` }),
      ),
    );
    expect(told.filter(({ status }) => status === CompletionStatus.ACCEPTED)).toHaveLength(1);
    expect(told.filter(({ status }) => status === CompletionStatus.STALE)).toHaveLength(19);
  });

  it("as it was is answered as it was, also where the attempt failed or its outcome was late", async () => {
    await desk.startWith(["look_up", "charge"]);
    await office.claim({ nonce: "n1" });
    const busy = { error: "busy", retryable: true };
    for (const desk of [office, other])
      expect((await desk.complete({ nonce: "n1" }, busy)).status).toBe(CompletionStatus.ACCEPTED);
    expect((await other.complete({ nonce: "n1" }, { error: "busy" })).status).toBe(CompletionStatus.STALE);
    await office.claim({ nonce: "n2", callId: "t1c2" });
    await desk.execute({ type: "end_claim", callId: "t1c2", attempt: 1, nonce: "n2", how: "LEASE_ENDED" });
    const { run } = await desk.stored();
    const approvalId = Object.keys(run.checkpoints)[0] ?? "";
    const by = { who: "alex", groups: [], authenticated: false };
    const decision = { decisionId: "d1", requestHash: "", ...by, comment: "", approvalId };
    await desk.execute({ type: "decide", ...decision, verdict: { kind: "settle", outcome: "given_up" } });
    const late = { nonce: "n2", callId: "t1c2" };
    for (const desk of [office, other]) expect((await desk.complete(late)).status).toBe(CompletionStatus.LATE);
    expect((await other.complete(late, { resultJson: "9" })).status).toBe(CompletionStatus.STALE);
  });
});

describe("what is not what it should be", () => {
  it("is refused as what it is, and never lost in an error of our own", async () => {
    await desk.startWith(["look_up"]);
    const long = "x".repeat(300);
    expect(told(await office.claim({ nonce: "" }))).toBe("INVALID_REQUEST");
    expect(told(await office.claim({ nonce: long }))).toBe("INVALID_REQUEST");
    expect(told(await office.claim({ nonce: "n1", runId: "run_unknown" }))).toBe("NOT_FOUND");
    expect(told(await office.claim({ nonce: "n1", callId: "__proto__" }))).toBe("NOT_FOUND");
    expect(told(await office.claim({ nonce: "n1", attempt: 7 }))).toBe("TAKEN");
    expect(told(await office.claim({ nonce: "n1" }, "w1", { namespace: "elsewhere" }))).toBe("NOT_FOUND");
    const bare = await office.service.claim("w1", create(ClaimRequestSchema));
    expect(told(bare)).toBe("INVALID_REQUEST");
    const release = await office.service.release(
      "w1",
      create(ReleaseRequestSchema, { runId: RUN, callId: "t1c1", nonce: "n" }),
    );
    expect(release.error?.reason).toBe("INVALID_REQUEST");
    const empty = await office.service.complete(
      "w1",
      create(CompleteRequestSchema, { runId: RUN, callId: "t1c1", nonce: "n" }),
    );
    expect(empty.error?.reason).toBe("INVALID_REQUEST");
    const unknown = {
      runId: "run_unknown",
      callId: "t1c1",
      nonce: "n",
      outcome: { case: "resultJson", value: "1" },
    } as const;
    const stale = await office.service.complete("w1", create(CompleteRequestSchema, unknown));
    expect(stale).toMatchObject({ status: CompletionStatus.STALE, detail: "There is no such run." });
    expect((await office.service.heartbeat("w1", create(HeartbeatRequestSchema))).error?.reason).toBe(
      "INVALID_REQUEST",
    );
    expect((await office.service.register("w1", create(RegisterRequestSchema))).error?.reason).toBe("INVALID_REQUEST");
    expect(await stateOf(desk)).toMatchObject({ kind: "ready", attempt: 1 });
  });

  it("as a result is kept as a text: the tool has run", async () => {
    await desk.startWith(["look_up", "look_up"]);
    await office.claim({ nonce: "n1" });
    await office.complete({ nonce: "n1" }, { resultJson: "plain words, no JSON" });
    expect((await desk.stored()).events.at(-1)?.fact).toMatchObject({
      outcome: { kind: "result", text: '"plain words, no JSON"' },
    });
  });

  it("as an error of our own is told to be tried again: what a worker has in hand is not thrown away for it", async () => {
    await desk.startWith(["charge"]);
    await office.claim({ nonce: "n1" });
    desk.store.commit = async () => {
      throw new TypeError("nobody thought of it");
    };
    const { error } = await office.complete({ nonce: "n1" });
    expect(error).toMatchObject({ reason: "INTERNAL", retryAfter: {} });
    expect(error?.message).not.toContain("nobody thought of it");
  });
});
