// What is signed of a run, and what of it is not believed once it was changed.
import type { Signing } from "@agentspan/internal";
import { describe, expect, it } from "vitest";
import type { Decided, TakeModelReply, ToolFinished, ToolStarted, Voted } from "../../src/core/index.js";
import type { StoredRun } from "../../src/ports.js";
import { signatureIn } from "../../src/proof/signed-facts.js";
import { ANY_OBJECT, approves, claim, completes, type Desk, RUN, replies, start } from "../scenes/scene.js";
import {
  approvedByTwo,
  BY,
  changed,
  factOf,
  key,
  listed,
  other,
  scene,
  signaturesOf,
  signing,
  withCall,
} from "./signed-desk.js";

describe("with a key", () => {
  it("every vote, the grant and the outcome are signed before they are stored", async () => {
    const { desk, signatures } = scene();
    const approved = await approvedByTwo(desk);
    expect(factOf<Voted>(approved, "voted").signed).toMatchObject({ keyId: key.id });
    expect(await signatures.callProblem(approved, "t1c1")).toBeUndefined();
    const claimed = (await desk.execute(claim("t1c1", "n1"))).stored;
    const { signed } = factOf<ToolStarted>(claimed, "tool_started");
    expect(signed).toMatchObject({ keyId: key.id, decisionId: "d2", digest: claimed.run.turn.calls[0]?.digest });
    const ended = (await desk.execute(completes(claimed, "t1c1", "n1"))).stored;
    expect(factOf<ToolFinished>(ended, "tool_result").signed?.keyId).toBe(key.id);
    const trusted = signing(key, [listed(key)]).trusted;
    for (const event of ended.events) {
      const one = signatureIn(RUN, event);
      if (one === undefined) continue;
      const signature = Buffer.from(one.signature, "base64url");
      expect(trusted.problem("orchestrators", { ...one, signature, at: event.at })).toBeUndefined();
    }
    expect(ended.events.filter((event) => signatureIn(RUN, event) !== undefined)).toHaveLength(5);
  });

  it("a plain call has nothing of it stored, and a call that runs once needs no decision", async () => {
    const { desk } = scene();
    await desk.startWith(["look_up", "charge"]);
    const plain = (await desk.execute(claim("t1c1", "n1"))).stored;
    expect(factOf<ToolStarted>(plain, "tool_started").signed).toBeUndefined();
    const once = (await desk.execute(claim("t1c2", "n2"))).stored;
    const started = once.events.map(({ fact }) => fact).filter((fact) => fact.type === "tool_started");
    expect(started[1]?.signed).toMatchObject({ approvalId: "", decisionId: "" });
  });

  it("a call is believed with the arguments that the first of two people put in", async () => {
    const { desk, signatures } = scene();
    const approved = await approvedByTwo(desk, '{"amount":5}');
    expect(await signatures.callProblem(approved, "t1c1")).toBeUndefined();
    expect(factOf<Decided>(approved, "decided").signed?.digest).toBe(approved.run.turn.calls[0]?.digest);
  });
});

describe("a call that was approved with a preview in sight", () => {
  const look = { type: "claim_preview", callId: "t1c1", attempt: 1, workerId: "w1" } as const;

  async function taken(desk: Desk, number: number, balance: number): Promise<StoredRun> {
    await desk.execute(look);
    const digest = (await desk.stored()).run.turn.calls[0]?.digest ?? "";
    const said = { kind: "found", text: `{"balance":${balance}}` } as const;
    return (await desk.execute({ type: "answer_preview", callId: "t1c1", number, digest, workerId: "w1", said }))
      .stored;
  }

  async function checked(desk: Desk): Promise<StoredRun> {
    const tools = [{ name: "refund", inputSchemaJson: ANY_OBJECT, approval: { required: true }, preview: {} }];
    await desk.execute(start(), { agent: await desk.agent({ name: "desk", model: "script/any", tools }) });
    await desk.execute(replies(1, ["refund"]));
    await desk.execute(approves(await taken(desk, 1, 40), "t1c1", "d1", { who: "maria", ...BY }));
    return taken(desk, 2, 40);
  }

  it("has its fingerprint in what is signed of the decision and of the grant", async () => {
    const { desk, signatures } = scene();
    const stored = await checked(desk);
    expect(await signatures.callProblem(stored, "t1c1")).toBeUndefined();
    const claimed = (await desk.execute(claim("t1c1", "n1"))).stored;
    const print = claimed.run.turn.calls[0]?.check?.fingerprint;
    const texts = claimed.events.flatMap((event) => signatureIn(RUN, event)?.text ?? []);
    const previews = texts.flatMap((text) => JSON.parse(text).statement.preview ?? []);
    expect(previews).toEqual([print, print]);
  });

  it.each<[string, (stored: StoredRun) => StoredRun]>([
    [
      "whose check was made of another fingerprint",
      (stored) => withCall(stored, { check: { sequence: 9, fingerprint: "sha256:00", until: 0 } }),
    ],
    ["whose check is gone", (stored) => withCall(stored, { check: undefined })],
  ])("is not believed where the row says something else: %s", async (_, change) => {
    const { desk, signatures } = scene();
    const stored = change(await checked(desk));
    expect(await signatures.callProblem(stored, "t1c1")).toBe("it would do something else than was shown");
  });

  it("is not believed where what was shown is no longer said, or another", async () => {
    const { desk, signatures } = scene();
    const stored = await checked(desk);
    for (const preview of [undefined, "sha256:00"]) {
      const problem = await signatures.callProblem(changed(stored, "decided", { preview }), "t1c1");
      expect(problem).toMatch(/not of what it says|something else than was shown/);
    }
  });
});

describe("a stored approval is not believed", () => {
  const cases: readonly (readonly [string, (stored: StoredRun) => StoredRun, RegExp])[] = [
    ["with another person in it", (stored) => changed(stored, "decided", { who: "eve" }), /not of what it says/],
    ["on behalf of another", (stored) => changed(stored, "decided", { onBehalfOf: "eve" }), /not of what it says/],
    [
      "from elsewhere",
      (stored) => changed(stored, "decided", { via: { ...BY.by, address: "::1" } }),
      /not of what it says/,
    ],
    ["with another comment", (stored) => changed(stored, "decided", { comment: "ok" }), /not of what it says/],
    ["with a vote in it that nobody signed", (stored) => changed(stored, "voted", { signed: undefined }), /not signed/],
    ["with another's vote", (stored) => changed(stored, "voted", { who: "eve" }), /not of what it says/],
    ["of another call", (stored) => changed(stored, "decided", { callId: "t1c2" }), /about another call/],
    ["that was a rejection", (stored) => changed(stored, "decided", { outcome: "rejected" }), /rejected, not approved/],
    [
      "made of a vote",
      (stored) => {
        const vote = factOf<Voted>(stored, "voted");
        return changed(stored, "decided", { ...vote, type: "decided", decisionId: "d2" });
      },
      /not of what it says/,
    ],
    [
      "by too few",
      (stored) => {
        const [id = "", checkpoint] = Object.entries(stored.run.checkpoints)[0] ?? [];
        const votes = checkpoint?.votes.slice(1) ?? [];
        const checkpoints = { [id]: { ...checkpoint, votes } };
        return { ...stored, run: { ...stored.run, checkpoints } } as StoredRun;
      },
      /too few votes/,
    ],
    ["for other arguments", (stored) => withCall(stored, { digest: "sha256:00" }), /about other arguments/],
    ["that is not there", (stored) => withCall(stored, { approval: undefined }), /no decision lets it run/],
    [
      "that names another",
      (stored) => withCall(stored, { approval: { approvalId: "apr_x", decisionId: "d2" } }),
      /its approval is not decided/,
    ],
  ];

  it.each(cases)("%s", async (_, change, why) => {
    const { desk, signatures } = scene();
    const approved = await approvedByTwo(desk);
    expect(await signatures.callProblem(change(approved), "t1c1")).toMatch(why);
  });

  it("by a standing grant whose ground was changed, or taken away", async () => {
    const { desk, signatures } = scene();
    await desk.execute(start(), { agent: await desk.agent() });
    const by = { who: "maria", groups: [], authenticated: true };
    const use = { grantId: "gra_1", version: "v1", use: 1, by, rule: "", expiresAt: desk.scene.now + 60_000 };
    const reply = replies(1, ["refund"]) as TakeModelReply;
    const { stored } = await desk.execute({ ...reply, grants: { t1c1: use } });
    expect(await signatures.callProblem(stored, "t1c1")).toBeUndefined();
    for (const ground of [{ ...use, use: 2 }, { ...use, version: "v2" }, { ...use, grantId: "gra_2" }, undefined]) {
      const { grantId, version, use: number } = ground ?? {};
      const told = ground === undefined ? undefined : { grantId, version, use: number };
      const problem = await signatures.callProblem(changed(stored, "decided", { ground: told }), "t1c1");
      expect(problem).toMatch(/not of what it says/);
    }
  });

  it("by a key that was retired before, by a gateway's key, and by a stranger's", async () => {
    const { desk } = scene();
    const approved = await approvedByTwo(desk);
    const problem = (with_: Signing) =>
      signaturesOf(desk.scene.desk("orc_2", { signing: with_ })).callProblem(approved, "t1c1");
    expect(await problem(signing(other, [listed(other), listed(key)]))).toBeUndefined();
    const early = { retired_at: "2025-12-31T00:00:00Z" };
    expect(await problem(signing(other, [listed(other), listed(key, early)]))).toMatch(/retired/);
    const late = { retired_at: "2026-01-02T00:00:00Z" };
    expect(await problem(signing(other, [listed(other), listed(key, late)]))).toBeUndefined();
    expect(await problem(signing(other, [listed(other)], [listed(key)]))).toMatch(/that of a gateway/);
    expect(await problem(signing(other, [listed(other)]))).toMatch(/no trusted key/);
  });

  it("and no grant of it is signed, not even in the database", async () => {
    const { desk } = scene();
    await approvedByTwo(desk);
    const late = desk.scene.desk("orc_2", { signing: signing(other, [listed(other)]) });
    const claimed = (await late.execute(claim("t1c1", "n1"))).stored;
    expect(factOf<ToolStarted>(claimed, "tool_started").signed).toBeUndefined();
  });
});
