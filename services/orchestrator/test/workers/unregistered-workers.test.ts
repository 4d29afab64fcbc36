// A worker that has not registered a call's tool gets nothing of the call, whichever orchestrator it asks; one that has
// is known at every orchestrator, and costs no read there.
import { createLogger } from "@agentspan/internal";
import { ClaimRequestSchema, CompleteRequestSchema, CompletionStatus, ReleaseReason } from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { beforeEach, describe, expect, it } from "vitest";
import { ServedCalls } from "../../src/served-calls.js";
import { WorkerRegistry } from "../../src/worker-registry.js";
import { Office, TOOLS } from "../scenes/office.js";
import { type Desk, RUN, type Scene } from "../scenes/scene.js";
import { told, withTwoOffices } from "../scenes/two-offices.js";

let scene: Scene;
let desk: Desk;
let office: Office;
/** Another orchestrator on the same database. */
let other: Office;

withTwoOffices(
  (made) => {
    ({ scene, desk, office, other } = made);
  },
  { registers: false },
);

const [LOOK_UP = {}, CHARGE = {}] = TOOLS;

describe.each(["look_up", "charge"])("a worker that has not registered %s", (tool) => {
  beforeEach(async () => {
    await desk.startWith([tool]);
    await office.register("w1");
  });

  it.each([
    ["has never registered", async () => {}],
    ["registered another tool", async () => void (await office.register("w9", { tools: [refundOnly()] }))],
    [
      "registered it in another queue",
      async () => void (await office.register("w9", { tools: [{ ...LOOK_UP, queue: "till", name: tool }] })),
    ],
    ["registered it in another namespace", async () => void (await office.register("w9", { namespace: "elsewhere" }))],
    ["registered it in an earlier start", async () => void (await office.register("w9", { incarnation: "w9-0" }))],
  ])("and %s is granted nothing of it, and told to register", async (_how, prepare) => {
    await prepare();
    const before = await desk.stored();
    for (const at of [office, other]) {
      const { error, answer } = await at.claim({ nonce: "n9" }, "w9");
      expect(error?.reason).toBe("PERMISSION_DENIED");
      expect(error?.message).toContain("Register it, then ask again.");
      expect(error?.retryAfter).toBeUndefined();
      expect(answer.case).toBeUndefined();
    }
    expect(await desk.stored()).toEqual(before);
    await office.register("w9");
    expect(told(await office.claim({ nonce: "n9" }, "w9"))).toBe("grant");
  });

  it("has no use for the incarnation of one that has", async () => {
    for (const at of [office, other])
      expect(told(await at.claim({ nonce: "n9" }, "w9", { incarnation: "w1-1" }))).toBe("PERMISSION_DENIED");
  });

  it("is not believed that it has done it", async () => {
    const before = await desk.stored();
    const argumentsDigest = before.run.turn.calls[0]?.digest ?? "";
    for (const at of [office, other]) {
      const { error, status } = await at.complete({ nonce: "n9" }, {}, "w9", { argumentsDigest });
      expect([error?.reason, status]).toEqual(["PERMISSION_DENIED", CompletionStatus.UNSPECIFIED]);
    }
    expect(await desk.stored()).toEqual(before);
  });

  it("gives nothing back, and does not take it by saying in a heartbeat that it has begun", async () => {
    await office.register("w9", { tools: [refundOnly()] });
    const before = await desk.stored();
    for (const at of [office, other]) {
      expect((await at.release({ nonce: "n9" }, ReleaseReason.INCOMPATIBLE, "w9")).released).toBe(false);
      expect((await at.heartbeat([{ nonce: "n9" }], "w9")).stop).toEqual(["n9"]);
    }
    expect(await desk.stored()).toEqual(before);
  });

  it("is told nothing of a run of another namespace, not even that there is one", async () => {
    await office.register("w9", { namespace: "elsewhere" });
    const asked = [{ runId: RUN }, { runId: "run_unknown" }];
    for (const { runId } of asked) {
      const named = { workerId: "w9", incarnation: "w9-1", namespace: "elsewhere", runId, callId: "t1c1", attempt: 1 };
      for (const kind of [{}, { probe: true }, { preview: true }]) {
        const claim = create(ClaimRequestSchema, { ...named, nonce: "n9", ...kind });
        expect(told(await office.service.claim("w9", claim))).toBe("NOT_FOUND");
      }
      const outcomes = [
        { case: "resultJson", value: "1" },
        { case: "probeAnswer", value: { verdict: 1 } },
        { case: "previewAnswer", value: { number: 1, outcome: { case: "failure", value: "no" } } },
      ] as const;
      for (const outcome of outcomes) {
        const told = create(CompleteRequestSchema, { ...named, nonce: "n9", outcome });
        expect(await office.service.complete("w9", told)).toMatchObject({
          status: CompletionStatus.STALE,
          detail: "There is no such run.",
        });
      }
    }
  });
});

it("what a worker without a registration is refused leaves one line a minute in the log, with how often it was", () => {
  const lines: string[] = [];
  let monotonicMs = 0;
  const calls = new ServedCalls({
    engine: desk.engine,
    registry: new WorkerRegistry(desk.store),
    plainClaims: { holds: () => false },
    log: createLogger("calls", "warn", { write: (line: string) => lines.push(line) }),
    monotonic: () => monotonicMs,
  });
  const named = { runId: RUN, callId: "t1c1", incarnation: "w9-1", namespace: "" };
  for (const at of [0, 1, 59_999, 60_000]) {
    monotonicMs = at;
    expect(calls.unregistered("w9", named)).toMatchObject({ reason: "PERMISSION_DENIED", retryable: false });
  }
  expect(lines.map((line) => (JSON.parse(line) as { since: number }).since)).toEqual([1, 3]);
});

describe("a call that is not there yet", () => {
  it("is nobody's, whoever asks for it beforehand", async () => {
    await office.register();
    await desk.startWith(["charge"]);
    const before = await desk.stored();
    const named = { runId: RUN, callId: "t2c1", attempt: 1, nonce: "n1", workerId: "w1", incarnation: "w1-1" };
    for (const kind of [{}, { probe: true }, { preview: true }])
      expect(told(await office.service.claim("w1", create(ClaimRequestSchema, { ...named, ...kind })))).toBe(
        "NOT_FOUND",
      );
    expect(await office.complete({ nonce: "n1", callId: "t2c1" })).toMatchObject({ status: CompletionStatus.STALE });
    expect((await office.release({ nonce: "n1", callId: "t2c1" })).released).toBe(false);
    expect(await desk.stored()).toEqual(before);
  });
});

describe("what was granted", () => {
  it("is told of although the registration is forgotten: whoever has the claim is believed", async () => {
    await office.register();
    await desk.startWith(["charge", "look_up"]);
    await office.claim({ nonce: "n1" });
    await office.claim({ nonce: "n2", callId: "t1c2" });
    await desk.store.removeInstance("w1-1");
    // Its claim is stored: another orchestrator knows of it, and of nobody who could have registered.
    expect((await other.complete({ nonce: "n1" }, { resultJson: "1" })).status).toBe(CompletionStatus.ACCEPTED);
    expect((await other.complete({ nonce: "n1" }, { resultJson: "1" })).status).toBe(CompletionStatus.ACCEPTED);
    expect((await office.complete({ nonce: "n2", callId: "t1c2" })).status).toBe(CompletionStatus.ACCEPTED);
    // The turn is over, and its repetition is answered as it was.
    expect((await desk.stored()).run.turn.number).toBe(2);
    expect((await other.complete({ nonce: "n1" }, { resultJson: "1" })).status).toBe(CompletionStatus.ACCEPTED);
    expect(told(await other.claim({ nonce: "n1" }))).toBe("ENDED");
  });

  it("is given back although the registration is forgotten", async () => {
    await office.register();
    await desk.startWith(["charge"]);
    await office.claim({ nonce: "n1" });
    await desk.store.removeInstance("w1-1");
    expect((await other.release({ nonce: "n1" })).released).toBe(true);
  });

  it("by an orchestrator that is behind is seen in the run as it is stored", async () => {
    await desk.startWith(["charge"]);
    await office.register();
    // The other has the run in mind from before the claim.
    await other.desk.execute({ type: "tick" });
    await office.claim({ nonce: "n1" });
    await desk.store.removeInstance("w1-1");
    expect((await other.complete({ nonce: "n1" })).status).toBe(CompletionStatus.ACCEPTED);
  });
});

describe("a worker that has registered", () => {
  beforeEach(async () => {
    await desk.startWith(["look_up", "look_up", "charge", "charge"]);
  });

  it("costs no read at a claim, an outcome or a release, where it is known", async () => {
    await office.register();
    await office.claim({ nonce: "n1" });
    desk.store.forgetCalls();
    expect(told(await office.claim({ nonce: "n2", callId: "t1c2" }))).toBe("grant");
    expect(told(await office.claim({ nonce: "n1" }))).toBe("grant");
    expect(desk.store.calls).toEqual([]);
    await office.claim({ nonce: "n3", callId: "t1c3" });
    await office.claim({ nonce: "n4", callId: "t1c4" });
    await office.complete({ nonce: "n2", callId: "t1c2" });
    await office.complete({ nonce: "n3", callId: "t1c3" });
    expect(desk.store.calls).not.toContain("readInstance");
    expect(desk.store.calls).not.toContain("load");
  });

  it("is known at every other orchestrator at once, for one read", async () => {
    await other.heartbeat([], "w1");
    await office.register();
    const { store } = other.desk;
    store.forgetCalls();
    expect(told(await other.claim({ nonce: "n1" }))).toBe("grant");
    expect(store.count("readInstance")).toBe(1);
    expect(told(await other.claim({ nonce: "n2", callId: "t1c2" }))).toBe("grant");
    expect(store.count("readInstance")).toBe(1);
  });

  it("is known by what it registered later too, whoever takes its signs of life", async () => {
    await other.register("w1", { tools: [CHARGE] });
    await other.heartbeat();
    expect(told(await other.claim({ nonce: "n1" }))).toBe("PERMISSION_DENIED");
    await office.register("w1", { tools: [CHARGE, LOOK_UP] });
    await other.heartbeat();
    for (const at of [other, new Office(scene.desk("orc_3"), office.broker)])
      expect(told(await at.claim({ nonce: "n1" }))).toMatch(/grant/);
  });

  it("and whose document was swept is told so by whoever does not know it, and served once it registers again", async () => {
    await office.register();
    await office.heartbeat();
    scene.now += 2 * 60 * 60_000;
    await desk.store.forgetInstances(60 * 60_000);
    // Who took its registration knows it still; one that has started since does not.
    expect(told(await office.claim({ nonce: "n1" }))).toBe("grant");
    const fresh = new Office(scene.desk("orc_3"), office.broker);
    expect(told(await fresh.claim({ nonce: "n2", callId: "t1c2" }))).toBe("PERMISSION_DENIED");
    expect((await fresh.heartbeat()).register).toBe(true);
    await other.register();
    expect(told(await fresh.claim({ nonce: "n2", callId: "t1c2" }))).toBe("grant");
    expect((await fresh.complete({ nonce: "n2", callId: "t1c2" })).status).toBe(CompletionStatus.ACCEPTED);
  });

  it("is not taken for one that has not while the store is away: it is told to ask again", async () => {
    await office.register();
    other.desk.store.befall("readInstance", "away");
    const { error } = await other.claim({ nonce: "n1" });
    expect(error).toMatchObject({ reason: "STORE_UNAVAILABLE", retryAfter: {} });
    expect(told(await other.claim({ nonce: "n1" }))).toBe("grant");
  });
});

function refundOnly() {
  return { ...LOOK_UP, name: "refund" };
}
