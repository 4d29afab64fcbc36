// Whether a guarded call may begin by what its events and the audit say, although its row says that it is ready.
import { describe, expect, it } from "vitest";
import type { Command, RunEvent, ToolStarted } from "../../src/core/index.js";
import type { StoredRun } from "../../src/ports.js";
import { auditorAt, SignedScene } from "../audit/audit-desk.js";
import { ANY_OBJECT, approves, claim, completes, type Desk, replies, start } from "../scenes/scene.js";
import { BY, changed, signaturesOf, withCall } from "./signed-desk.js";

const BY_PROBE = { owner: { approval: false, once: false, probe: true, enforcesKey: true } };

async function approved(desk: Desk, more: object = {}): Promise<StoredRun> {
  const tools = [{ name: "refund", inputSchemaJson: ANY_OBJECT, approval: { required: true }, ...more }];
  await desk.execute(start(), { agent: await desk.agent({ name: "desk", model: "script/any", tools }) });
  // The second keeps the turn open.
  const { stored } = await desk.execute(replies(1, ["refund", "refund"]));
  return (await desk.execute(approves(stored, "t1c1", "d1", BY))).stored;
}

function next(desk: Desk, stored: StoredRun, attempt = 2): Promise<string | undefined> {
  const beginning = { attempt, nonce: "n2", at: desk.scene.now };
  return signaturesOf(desk).callProblem(stored, "t1c1", beginning);
}

const READY = { claims: [], attempts: 2, state: { kind: "ready", attempt: 2, since: 0, notBefore: 0 } };

function without(stored: StoredRun, ...types: readonly string[]): StoredRun {
  return { ...stored, events: stored.events.filter(({ fact }) => !types.includes(fact.type)) };
}

function startsIn({ events }: StoredRun): readonly ToolStarted[] {
  return events.flatMap(({ fact }) => (fact.type === "tool_started" ? [fact] : []));
}

describe("a call that was put back to where it waits for a worker", () => {
  async function paid(): Promise<{ readonly desk: Desk; readonly stored: StoredRun; readonly scene: SignedScene }> {
    const scene = new SignedScene();
    const desk = scene.desk();
    await approved(desk);
    const { stored } = await desk.execute(claim("t1c1", "n1"));
    return { desk, scene, stored: (await desk.execute(completes(stored, "t1c1", "n1"))).stored };
  }

  it("has ended", async () => {
    const { desk, stored } = await paid();
    expect(await next(desk, withCall(stored, READY))).toBe("it has ended");
  });

  it("began before, where its outcome was taken out too, or the word of a worker was put in its place", async () => {
    const { desk, stored } = await paid();
    const cut = withCall(without(stored, "tool_result"), READY);
    expect(await next(desk, cut)).toMatch(/it began before/);
    const fact = { type: "task_released", callId: "t1c1", attempt: 1, nonce: "n1", reason: "TOO_LATE", detail: "" };
    const made: RunEvent = { sequence: 99, at: 1, by: "eve", fact: { ...fact, retryAt: 1 } } as RunEvent;
    expect(await next(desk, { ...cut, events: [...cut.events, made] })).toMatch(/it began before/);
  });

  it("is known to the audit, where its start was taken out too", async () => {
    const { desk, scene, stored } = await paid();
    const cut = withCall(without(stored, "tool_started", "tool_result"), READY);
    scene.now += 60_000;
    await auditorAt(desk).look();
    expect(await next(desk, cut)).toBe("the audit knows of a start of it that its run does not tell");
  });

  it("is granted by no orchestrator: the start of it that is stored is not signed", async () => {
    const { stored, scene } = await paid();
    const row = scene.database.runs.get(stored.run.runId);
    if (row === undefined) throw new Error("The run is not stored.");
    scene.database.runs.set(stored.run.runId, { ...row, run: JSON.stringify(withCall(stored, READY).run) });
    const late = scene.desk("orc_2");
    const claimed = (await late.execute(claim("t1c1", "n2", { attempt: 2 }))).stored;
    expect(startsIn(claimed).map(({ signed }) => signed !== undefined)).toEqual([true, false]);
  });
});

describe("a call begins again, and its start is signed", () => {
  const again: readonly (readonly [string, object, readonly ((stored: StoredRun) => Command)[]])[] = [
    [
      "after it was given back not begun",
      {},
      [() => ({ type: "release", ...byFirst("n1"), reason: "SHUTTING_DOWN", detail: "" })],
    ],
    [
      "after its probe said that it did not happen",
      BY_PROBE,
      [
        () => ({ type: "end_claim", callId: "t1c1", attempt: 1, nonce: "n1", how: "LEASE_ENDED" }),
        ({ run }) => ({
          type: "answer_probe",
          callId: "t1c1",
          attempt: 1,
          workerId: "w1",
          digest: run.turn.calls[0]?.digest ?? "",
          verdict: "DID_NOT_HAPPEN",
          detail: "",
          result: "",
        }),
      ],
    ],
    [
      "after a person let it run again",
      {},
      [
        () => ({ type: "end_claim", callId: "t1c1", attempt: 1, nonce: "n1", how: "LEASE_ENDED" }),
        (stored) => approves(stored, "t1c1", "d2", { ...BY, verdict: { kind: "settle", outcome: "run_again" } }),
      ],
    ],
  ];

  it.each(again)("%s", async (_, brings, commands) => {
    const desk = new SignedScene().desk();
    await approved(desk);
    let { stored } = await desk.execute(claim("t1c1", "n1", brings));
    for (const command of commands) ({ stored } = await desk.execute(command(stored)));
    const { attempts = 0 } = stored.run.turn.calls[0] ?? {};
    expect(await next(desk, stored, attempts)).toBeUndefined();
    const claimed = (await desk.execute(claim("t1c1", "n2", { ...brings, attempt: attempts }))).stored;
    expect(startsIn(claimed).map(({ signed }) => signed !== undefined)).toEqual([true, true]);
  });
});

describe("a call whose probe says that it did not happen", () => {
  const brought: readonly (readonly [string, object])[] = [
    ["its worker brought neither a probe nor a receiver that enforces the key", {}],
    ["its worker brought a probe alone", { owner: { approval: false, once: false, probe: true } }],
  ];
  const PUT_IN = { probe: true, enforcesKey: true } as const;

  it.each(brought)("begins no more where %s, and the row says otherwise", async (_, brings) => {
    const scene = new SignedScene();
    const desk = scene.desk();
    await approved(desk);
    const begun = (await desk.execute(claim("t1c1", "n1", brings))).stored;
    const { state } = begun.run.turn.calls[0] ?? {};
    const row = scene.database.runs.get(begun.run.runId);
    if (row === undefined) throw new Error("The run is not stored.");
    const changedRun = withCall(changed(begun, "tool_started", PUT_IN), { state: { ...state, ...PUT_IN } });
    const events = changedRun.events.map((event) => JSON.stringify(event));
    scene.database.runs.set(begun.run.runId, { ...row, run: JSON.stringify(changedRun.run), events });

    const late = scene.desk("orc_2");
    await late.execute({ type: "end_claim", callId: "t1c1", attempt: 1, nonce: "n1", how: "LEASE_ENDED" });
    const { digest = "", attempts = 0 } = changedRun.run.turn.calls[0] ?? {};
    const about = { callId: "t1c1", attempt: 1, workerId: "w1", digest } as const;
    const answer = { type: "answer_probe", ...about, verdict: "DID_NOT_HAPPEN", detail: "", result: "" } as const;
    const { stored } = await late.execute(answer);
    expect(stored.events.map(({ fact }) => fact)).toContainEqual(expect.objectContaining({ runsAgain: true }));
    expect(await next(late, stored, attempts + 1)).toMatch(/it began before/);
  });
});

describe("a check of what a call would do", () => {
  async function taken(desk: Desk, number: number): Promise<StoredRun> {
    const { attempts = 0, digest = "" } = (await desk.stored()).run.turn.calls[0] ?? {};
    await desk.execute({ type: "claim_preview", callId: "t1c1", attempt: attempts, workerId: "w1" });
    const said = { kind: "found", text: '{"balance":40}' } as const;
    const answer = { type: "answer_preview", callId: "t1c1", number, digest, workerId: "w1", said } as const;
    return (await desk.execute(answer)).stored;
  }

  async function shown(desk: Desk): Promise<StoredRun> {
    const tools = [{ name: "refund", inputSchemaJson: ANY_OBJECT, approval: { required: true }, preview: {} }];
    await desk.execute(start(), { agent: await desk.agent({ name: "desk", model: "script/any", tools }) });
    await desk.execute(replies(1, ["refund"]));
    return (await desk.execute(approves(await taken(desk, 1), "t1c1", "d1", BY))).stored;
  }

  it("counts where a worker looked after the approval, for as long as it holds", async () => {
    const desk = new SignedScene().desk();
    await shown(desk);
    const checked = await taken(desk, 2);
    expect(await next(desk, checked, 1)).toBeUndefined();
    desk.scene.now += 31_000;
    expect(await next(desk, checked, 1)).toBe("what it would do was looked at too long ago");
  });

  it("is none where the row says that somebody looked, and nobody did", async () => {
    const desk = new SignedScene().desk();
    const stored = await shown(desk);
    const look = stored.events.find(({ fact }) => fact.type === "preview_taken");
    if (look?.fact.type !== "preview_taken" || look.fact.finding.kind !== "found")
      throw new Error("Nothing was shown.");
    const { fingerprint } = look.fact.finding;
    const made = (sequence: number) =>
      withCall(stored, { ...READY, check: { sequence, fingerprint, until: desk.scene.now + 30_000 } });
    expect(await next(desk, made(look.sequence), 1)).toBe("nobody looked at what it would do right before");
    const relabelled = changed(made(look.sequence), "preview_taken", { purpose: "checked", verdict: "same" });
    expect(await next(desk, relabelled, 1)).toBe("nobody looked at what it would do right before");
  });
});

function byFirst(nonce: string) {
  return { callId: "t1c1", attempt: 1, nonce, workerId: "w1", incarnation: "w1-1" } as const;
}
