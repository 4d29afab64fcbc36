// Garbage by every way in, made from the descriptors of the contract: each call ends, and in a reason of the contract;
// no process dies or finds fault with itself; and whoever waited meanwhile gets what was promised.
//
//   E2E_FUZZ_SECONDS=600 E2E_FUZZ_SEED=7 npx vitest run e2e/test/servers/fuzz.test.ts
//
// The seed says which requests are made and in which order; E2E_FUZZ_CASE makes only the one of that number. What else is
// going on at the time is not repeated, so a fault that needs two requests at once may need several tries.
import type { WorkerVerb } from "@agentspan/internal";
import * as proto from "@agentspan/proto";
import { Agent, tool } from "@agentspan/sdk";
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { Client, credentials } from "@grpc/grpc-js";
import * as fc from "fast-check";
import { connect, type NatsConnection } from "nats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../../src/index.js";
import { call, type DeskRun, ended, REFUND, startRun, theApproval, waitingFor } from "../desk-run.js";
import { type Body, bodyOf, type Pool } from "../fuzz/message-arbitrary.js";
import { claimOf, FUZZ_QUEUE, FUZZ_WORKER, type Known, poolOf, REGISTRATION, WORKER_IDS } from "../fuzz/pools.js";
import { Tally } from "../fuzz/tally.js";
import { type Outcome, overConnect, overGrpc } from "../fuzz/ways-in.js";
import { askAsWorker, WORKER_MESSAGES, WORKER_VERBS } from "../fuzz/worker-way.js";
import { withStack } from "../stack-fixture.js";
import { expectHistoriesToFold, storedHistories } from "../stored-histories.js";

const SECONDS = Number(process.env.E2E_FUZZ_SECONDS ?? 10);
// Fixed, so that a change is what makes it fail; a long run by hand takes another.
const SEED = Number(process.env.E2E_FUZZ_SEED ?? 1578871654);
const ONLY = process.env.E2E_FUZZ_CASE === undefined ? undefined : Number(process.env.E2E_FUZZ_CASE);
const LANES = 6;
/** More than a round has; what the numbers of cases are made with. */
const PER_ROUND = 1_000;
const SERVICES: readonly DescService[] = [
  ...[proto.RunService, proto.ApprovalService, proto.AgentService, proto.WorkerService],
];
const GATED = ["refund", "email", "erase", "transfer", "wipe", "payout", "wire"];

interface Case {
  readonly name: string;
  readonly body: Body;
  run(): Promise<Outcome>;
}

describe(`garbage of seed ${SEED}`, () => {
  // Only what a process finds fault with is written at all.
  const quiet = { AGENTSPAN_LOG_LEVEL: "error" };
  const stack = withStack({ workers: 0, env: quiet });
  const tally = new Tally();
  const claims = new Tally();
  let nats: NatsConnection;
  let grpc: readonly Client[];
  let canary: DeskRun;
  const started: DeskRun[] = [];
  let pids: readonly (number | undefined)[];

  beforeAll(async () => {
    const { current } = stack;
    await current.addWorker({ env: quiet });
    nats = await connect({ servers: current.servers.natsUrl });
    grpc = ["port", "grpcPort"].map((port) => {
      const { [port as "port" | "grpcPort"]: number } = current.gateway();
      return new Client(`127.0.0.1:${number}`, credentials.createInsecure());
    });
    canary = await startRun(current, "canary", [call("get_order"), call("refund", REFUND), { text: "paid" }]);
    await theApproval(canary);
    pids = processes();
  });
  afterAll(async () => {
    for (const client of grpc ?? []) client.close();
    await nats?.close();
  });

  function processes(): readonly (number | undefined)[] {
    const { orchestrators, workers } = stack.current;
    return [...orchestrators, ...workers, stack.current.gateway().service].map(({ pid }) => pid);
  }

  /**
   * Runs that the garbage may decide, pause, cancel and execute, and what somebody who looks at them knows. Of the rounds
   * before, the latest tasks stay: those that were claimed and left have their settlements open by then.
   */
  async function victims(): Promise<Known> {
    const { current } = stack;
    const gated = { calls: Array.from({ length: 4 }, () => ({ tool: "refund", args: REFUND })) };
    const steps = [gated, gated, { text: "ok" }];
    // Nobody serves these but the garbage, which claims and completes as a worker would.
    const described = { description: "x", inputSchema: { type: "object" } } as const;
    const plain = tool(() => undefined, { ...described, name: "plain" });
    const risky = tool(() => undefined, { ...described, name: "risky", once: true });
    const agent = new Agent({ name: FUZZ_QUEUE, model: "script/desk", tools: [plain, risky] });
    const work = { calls: ["plain", "risky", "plain", "risky"].map((name) => ({ tool: name, args: {} })) };
    const [waits, works] = await Promise.all([
      startRun(current, "victim", steps),
      startRun(current, "task", [work, work, { text: "ok" }], { agent }),
    ]);
    started.push(waits, works);
    const say = (verb: WorkerVerb, json: string) =>
      askAsWorker(nats, FUZZ_WORKER.workerId, verb, { json: Buffer.from(json), wire: Buffer.alloc(0) }, "json");
    expect(await say("register", REGISTRATION)).toMatchObject({ name: "ok" });
    const status = await waitingFor(waits, 4);
    const callIds = [...new Set(status.pendingApprovals.map(({ callId }) => callId))];
    for (const callId of callIds.slice(0, 2)) {
      const claim = () => say("claim", claimOf(works.runId, callId));
      const notThere = "refused NOT_FOUND";
      const { name } = await until("the call is there", async () => {
        const outcome = await claim();
        return outcome.name !== notThere && outcome;
      });
      // What garbage registered may have gated it since: then it is one more that waits.
      claims.count("a claim meant well", name);
    }
    const latest = started.filter(({ input }) => input.startsWith("task")).slice(-3);
    const left = await Promise.all(latest.map(({ handle }) => handle.getStatus()));
    const approvals = [...left, status].flatMap(({ pendingApprovals }) => pendingApprovals);
    const { nextPageToken } = await current.rpc().runs.listRuns({ pageSize: 1 });
    return {
      waiting: [waits.runId],
      tasks: latest.map(({ runId }) => runId),
      canary: canary.runId,
      approvals,
      callIds,
      input: current.model.script("of garbage", [call("refund", REFUND), { text: "ok" }]),
      agentVersion: status.agentVersion,
      pageToken: nextPageToken,
    };
  }

  /** One for each call and each worker message. */
  function cases(pool: Pool): readonly fc.Arbitrary<Case>[] {
    const { url } = stack.current.gateway();
    const ways = {
      json: overConnect(url, "json"),
      proto: overConnect(url, "proto"),
      ...Object.fromEntries(grpc.map((client, at) => [`grpc${at}`, overGrpc(client)])),
    };
    const rpcs = SERVICES.flatMap(({ methods }) => methods).map((method: DescMethod) =>
      fc.tuple(fc.constantFrom(...Object.entries(ways)), bodyOf(method.input, pool)).map(([[way, ask], body]) => ({
        name: `${method.parent.name}.${method.name}`,
        way,
        body,
        run: () => ask(method, body),
      })),
    );
    const verbs = WORKER_VERBS.map((verb) =>
      fc
        .tuple(fc.constantFrom("json", "proto"), fc.constantFrom(...WORKER_IDS), bodyOf(WORKER_MESSAGES[verb][0], pool))
        .map(([form, workerId, body]) => ({
          name: `worker.${verb}`,
          way: `${form} as ${workerId}`,
          body,
          run: () => askAsWorker(nats, workerId, verb, body, form as "json" | "proto"),
        })),
    );
    return [...rpcs, ...verbs];
  }

  it(
    "is answered with a reason of the contract, by every call and every worker message",
    async () => {
      const end = performance.now() + SECONDS * 1_000;
      const faults: string[] = [];
      const first = Math.floor((ONLY ?? 0) / PER_ROUND);
      const over = () => ONLY !== undefined || performance.now() > end || faults.length >= 20;
      for (let round = first; round === first || !over(); round += 1) {
        const kinds = cases(poolOf(await victims()));
        const seed = SEED + round;
        // The first round has a few of each, however slow the machine is.
        const made =
          round === 0
            ? kinds.flatMap((kind) => fc.sample(kind, { seed, numRuns: 5 }))
            : fc.sample(fc.oneof(...kinds), { seed, numRuns: 150 });
        const numbered = [...made.entries()].map(([at, one]) => [round * PER_ROUND + at, one] as const);
        const wanted = numbered.filter(([number]) => ONLY === undefined || ONLY === number);
        const next = wanted[Symbol.iterator]();
        const lane = async (): Promise<void> => {
          for (const [number, one] of next) {
            if (round > 0 && performance.now() > end && ONLY === undefined) return;
            const outcome = await one.run().catch((error: unknown) => ({ name: "unreadable", fault: String(error) }));
            tally.count(one.name, outcome.name);
            if (outcome.fault !== undefined) {
              const said = one.body.json.subarray(0, 600).toString("utf8");
              const bytes = one.body.wire.subarray(0, 300).toString("base64");
              faults.push(`case ${number} ${one.name} ${outcome.fault}\n  ${said}\n  ${bytes}`);
            }
          }
        };
        await Promise.all(Array.from({ length: LANES }, lane));
      }
      process.stdout.write(`${tally.table(`seed ${SEED}, ${SECONDS} s`)}\n${claims.table("besides")}\n`);
      expect(faults.join("\n")).toBe("");
      if (ONLY === undefined)
        expect(tally.names()).toHaveLength(SERVICES.flatMap(({ methods }) => methods).length + WORKER_VERBS.length);
    },
    SECONDS * 1_000 + 90_000,
  );

  it("ends no process, and gives none an error to log", () => {
    expect(processes()).toEqual(pids);
    expect(stack.current.logs().trim()).toBe("");
  });

  it("leaves a run that waited as it was: its approval pays once", async () => {
    const { current } = stack;
    await canary.handle.approve();
    expect((await ended(canary)).state).toBe("COMPLETED");
    expect(current.ledger.begun(canary.runId, "refund")).toHaveLength(1);
    expect(current.ledger.done(canary.runId).map(({ tool: name }) => name)).toEqual(["get_order", "refund"]);
  });

  it("starts no gated tool without its approval, and none twice for one", async () => {
    const { current } = stack;
    const begun = current.ledger.all().filter(({ step, tool: name }) => step === "begin" && GATED.includes(name));
    const histories = new Map((await storedHistories(current.database)).map((one) => [one.run.runId, one.events]));
    // Whoever was granted it, the garbage included.
    for (const [runId, events] of histories) {
      for (const [at, { fact }] of events.entries()) {
        if (fact.type !== "tool_started" || !GATED.includes(fact.tool)) continue;
        const before = events.slice(0, at).flatMap((event) => (event.fact.type === "decided" ? [event.fact] : []));
        const approved = before.filter(({ callId, outcome }) => callId === fact.callId && outcome === "approved");
        expect({ runId, callId: fact.callId, approved: approved.length }).toMatchObject({ approved: 1 });
      }
    }
    for (const { runId, approvalId } of begun) {
      const decisions = (histories.get(runId) ?? []).flatMap(({ fact }) => (fact.type === "decided" ? [fact] : []));
      expect(decisions.find((decision) => decision.approvalId === approvalId)).toMatchObject({ outcome: "approved" });
    }
    const approvals = begun.map(({ approvalId }) => approvalId);
    expect(new Set(approvals).size).toBe(approvals.length);
  });

  it("stores nothing but runs and definitions that were taken, and their histories fold", async () => {
    const { current } = stack;
    const unsure = (name: string) => tally.of(name, "STORE_UNAVAILABLE") + tally.of(name, "BUS_UNAVAILABLE");
    const runs = await current.database.collection("runs").countDocuments();
    const most = 1 + started.length + tally.of("RunService.Start", "ok") + unsure("RunService.Start");
    expect(runs).toBeLessThanOrEqual(most);
    const versions = await current.database.collection("agents").countDocuments();
    const defined = ["RunService.Start", "AgentService.PutAgent"].map((name) => tally.of(name, "ok") + unsure(name));
    expect(versions).toBeLessThanOrEqual(2 + defined.reduce((sum, count) => sum + count, 0));
    const names = (await current.database.collection("runs").find().toArray()).map(({ _id }) => String(_id));
    for (const name of names) expect(name).toMatch(/^[A-Za-z0-9_/:.-]+$/);
    await until(
      "every history folds, now that nothing is asked",
      async () => (await expectHistoriesToFold(current)) > 0,
    );
  });
});
