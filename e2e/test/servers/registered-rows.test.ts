// What a worker may have calls of is what an orchestrator registered, and what its newest permit names: not what stands in
// the database.
import { createSigningKeys, newId } from "@agentspan/internal";
import type { WorkerPermit } from "@agentspan/proto";
import { afterEach, describe, expect, it } from "vitest";
import { ANNOUNCE_SOON, deskAgent, RawWorker, type Stack, toldOf, until } from "../../src/index.js";
import { call, type DeskRun, ended, REFUND, startRun, theApproval } from "../desk-run.js";
import { type Made, permitFor } from "../made-permit.js";
import { orchestratorIds } from "../orchestrator-ids.js";
import { withStack } from "../stack-fixture.js";

const raw: RawWorker[] = [];

afterEach(async () => {
  await Promise.all(raw.splice(0).map((worker) => worker.close()));
});

/** With every right at NATS, so that nothing but its registration stands in its way. */
async function rawWorker({ servers }: Stack, workerId: string, incarnation?: string): Promise<RawWorker> {
  const worker = await RawWorker.connect(servers.natsUrl, workerId, incarnation);
  raw.push(worker);
  return worker;
}

interface Row {
  readonly _id: string;
  readonly kind: string;
  readonly tools: object[];
}

function rows({ database }: Stack) {
  return database.collection<Row>("instances");
}

/** A payout that a person approved, of a queue that no worker of the stack serves. */
async function approvedPayout(stack: Stack, queue: string): Promise<DeskRun & { readonly callId: string }> {
  const run = await startRun(stack, queue, [call("payout", REFUND), { text: "ok" }], { agent: deskAgent(queue) });
  const { callId } = await theApproval(run);
  await run.handle.approve();
  return { ...run, callId };
}

const KINDS = [{}, { probe: true }, { preview: true }] as const;

/** What each orchestrator answers to a claim, to one of the probe and to one of the preview. */
async function toldEverywhere(
  stack: Stack,
  worker: RawWorker,
  task: { readonly runId: string; readonly callId: string },
) {
  const told = new Set<string>();
  for (const at of await orchestratorIds(stack))
    for (const kind of KINDS) told.add(toldOf(await worker.claim({ ...task, ...kind }, at)));
  return [...told];
}

async function restartOrchestrators(stack: Stack): Promise<void> {
  for (const one of stack.orchestrators) {
    await one.kill();
    await one.restart();
  }
}

describe("where workers are asked for a permit", () => {
  const stack = withStack({ orchestrators: 2, signed: true, permits: true, env: ANNOUNCE_SOON });
  const permit = (made: Made): WorkerPermit => permitFor(stack.current.keysFolder, made);
  const payout = (queue: string) => ({ queue, name: "payout", approvalRequired: true, probe: true });
  const email = (queue: string) => ({ queue, name: "email" });

  it("a registration that was written into the database lets nobody have a call", async () => {
    const queue = "written_queue";
    const { runId, callId, handle } = await approvedPayout(stack.current, queue);
    const incarnation = newId("inc");
    const written = { counter: 0, inHand: [], namespace: "default", seenAt: new Date() };
    const tools = [{ queue, tool: "payout", probe: true }];
    await rows(stack.current).insertOne({ _id: incarnation, kind: "worker", name: "evil", tools, ...written } as Row);
    const evil = await rawWorker(stack.current, "evil", incarnation);
    expect(await toldEverywhere(stack.current, evil, { runId, callId })).toEqual(["PERMISSION_DENIED"]);
    expect((await evil.heartbeat()).register).toBe(true);
    expect(await toldEverywhere(stack.current, evil, { runId, callId })).toEqual(["PERMISSION_DENIED"]);
    await handle.cancel();
  });

  it("a tool that was written into a genuine registration is none of its worker's", async () => {
    const queue = "edited_queue";
    const { runId, callId, handle } = await approvedPayout(stack.current, queue);
    const mailer = await rawWorker(stack.current, "mailer");
    const [one] = await orchestratorIds(stack.current);
    const shown = permit({ workers: ["mailer"], queue, names: ["email"] });
    expect((await mailer.register([email(queue)], one, shown)).error).toBeUndefined();
    await rows(stack.current).updateOne({ _id: "mailer-raw" }, { $push: { tools: { queue, tool: "payout" } } });
    expect(await toldEverywhere(stack.current, mailer, { runId, callId })).toEqual(["PERMISSION_DENIED"]);
    await handle.cancel();
  });

  it("narrowed credentials narrow what was registered before with the wide ones", async () => {
    const queue = "narrowed_queue";
    const { runId, callId, handle } = await approvedPayout(stack.current, queue);
    const wide = permit({ workers: ["nar"], queue, names: ["payout", "email"], at: Date.now() - 1_000 });
    const worker = await rawWorker(stack.current, "nar");
    const [one, other] = await orchestratorIds(stack.current);
    expect((await worker.register([payout(queue), email(queue)], one, wide)).error).toBeUndefined();
    // Another process of it, with the new file.
    const again = await rawWorker(stack.current, "nar", "nar-again");
    const narrow = permit({ workers: ["nar"], queue, names: ["email"] });
    const refused = await again.register([payout(queue)], one, narrow);
    expect(refused.error?.message).toContain("its permit does not name tool payout");
    expect(toldOf(await worker.claim({ runId, callId }, one))).toBe("PERMISSION_DENIED");
    await until("the other orchestrator knows of it", async () => {
      // Until then it takes this, and grants nothing by it later.
      const { error } = await again.register([payout(queue)], other, wide);
      return error?.reason === "PERMISSION_DENIED";
    });
    expect(await toldEverywhere(stack.current, worker, { runId, callId })).toEqual(["PERMISSION_DENIED"]);
    await restartOrchestrators(stack.current);
    expect(await toldEverywhere(stack.current, worker, { runId, callId })).toEqual(["PERMISSION_DENIED"]);
    // Both name this one.
    expect((await worker.register([email(queue)], undefined, wide)).error).toBeUndefined();
    const named = permit({ workers: ["payer"], queue, names: ["payout"] });
    const payer = await rawWorker(stack.current, "payer");
    expect((await payer.register([payout(queue)], undefined, named)).error).toBeUndefined();
    expect(toldOf(await payer.claim({ runId, callId }))).toBe("grant");
    await handle.cancel();
  });
});

describe("an installation that becomes stricter", () => {
  const stack = withStack({ orchestrators: 2, signed: true, env: ANNOUNCE_SOON });

  it("has workers of before signatures register again by themselves, and loses nothing", async () => {
    await rows(stack.current).updateMany({ kind: "worker" }, { $unset: { seal: "" } });
    await restartOrchestrators(stack.current);
    const run = await startRun(stack.current, "upgraded", [call("get_order"), call("refund", REFUND), { text: "ok" }]);
    await theApproval(run);
    await run.handle.approve();
    expect((await ended(run)).state).toBe("COMPLETED");
    expect(stack.current.ledger.done(run.runId)).toHaveLength(2);
    expect(await rows(stack.current).countDocuments({ kind: "worker", seal: { $exists: false } })).toBe(0);
  });

  it("takes no registration of before there was a key for permits for one with a permit", async () => {
    const { keysFolder } = stack.current;
    const queue = "before_queue";
    const { runId, callId, handle } = await approvedPayout(stack.current, queue);
    const worker = await rawWorker(stack.current, "before");
    const tools = [{ queue, name: "payout", approvalRequired: true }];
    expect((await worker.register(tools)).error).toBeUndefined();
    createSigningKeys(keysFolder, ["permits"]);
    await restartOrchestrators(stack.current);
    expect(await toldEverywhere(stack.current, worker, { runId, callId })).toEqual(["PERMISSION_DENIED"]);
    expect((await worker.heartbeat()).register).toBe(true);
    expect((await worker.register(tools)).error?.message).toContain("shows no permit");
    const shown = permitFor(keysFolder, { workers: ["before"], queue, names: ["payout"] });
    expect((await worker.register(tools, undefined, shown)).error).toBeUndefined();
    expect(toldOf(await worker.claim({ runId, callId }))).toBe("grant");
    await handle.cancel();
  });
});
