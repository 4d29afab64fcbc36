// What a login at NATS lets a worker do: its own tools' tasks, in its own name, once it has registered them. Who knows all
// of a call and has not gets nothing of it; who has is served by every orchestrator.
import {
  consumerName,
  digestOf,
  eventsSubject,
  natsAddress,
  TASK_STREAM,
  taskSubject,
  workerInboxPrefix,
  workerSubject,
} from "@agentspan/internal";
import { CompletionStatus, ProbeVerdict } from "@agentspan/proto";
import { connect } from "nats";
import { afterEach, describe, expect, it } from "vitest";
import { ANNOUNCE_SOON, deskAgent, loggedIn, RawWorker, toldOf, until } from "../../src/index.js";
import { call, type DeskRun, ended, REFUND, startRun, theApproval } from "../desk-run.js";
import { orchestratorIds } from "../orchestrator-ids.js";
import { historyOf } from "../signed-run.js";
import { withStack } from "../stack-fixture.js";

const stack = withStack({ orchestrators: 2, signed: true, workerLogins: true, env: ANNOUNCE_SOON });
const raw: RawWorker[] = [];

afterEach(async () => {
  await Promise.all(raw.splice(0).map((worker) => worker.close()));
});

/** With the login of worker-1, in a process of its own; or with another id, as the servers may. */
async function rawWorker(workerId = "worker-1"): Promise<RawWorker> {
  const { natsUrl } = stack.current.servers;
  const worker = await RawWorker.connect(workerId === "worker-1" ? loggedIn(natsUrl, workerId) : natsUrl, workerId);
  raw.push(worker);
  return worker;
}

/** The call of this tool, once the model has made it. */
function callOf(run: DeskRun, tool: string): Promise<{ readonly runId: string; readonly callId: string }> {
  return until(`${tool} is called`, async () => {
    const calls = (await historyOf(stack.current, run)).flatMap(({ event }) =>
      event.case === "toolCall" ? [event.value] : [],
    );
    const found = calls.find(({ toolName }) => toolName === tool);
    return found && { runId: run.runId, callId: found.callId };
  });
}

describe("the NATS login of a worker", () => {
  it("lets it serve its own tools, and neither speak for another nor hear what is another's", async () => {
    const login = natsAddress(loggedIn(stack.current.servers.natsUrl, "worker-1"), undefined);
    const own = await connect({ ...login, inboxPrefix: workerInboxPrefix("worker-1") });
    const violations = new Set<string>();
    void (async () => {
      for await (const { permissionContext } of own.status()) {
        if (permissionContext !== undefined) violations.add(permissionContext.subject);
      }
    })();
    const refused = (subject: string) => until(`NATS refuses ${subject}`, () => violations.has(subject));
    try {
      const others = consumerName("default", "rogue", "refund");
      const publishes = [
        workerSubject("worker-2", "claim"),
        "agentspan.request",
        taskSubject({ namespace: "default", queue: "desk", tool: "refund", runId: "r", callId: "c", attempt: 1 }),
        eventsSubject("default", "r"),
        `$JS.API.CONSUMER.MSG.NEXT.${TASK_STREAM}.${others}`,
        `$JS.API.STREAM.PURGE.${TASK_STREAM}`,
        "_INBOX_worker-2.answer",
      ];
      const subscriptions = ["agentspan.worker.>", "agentspan.request", "agentspan.events.>", "_INBOX_worker-2.>", ">"];
      for (const subject of publishes) own.publish(subject, "forged");
      for (const subject of subscriptions) own.subscribe(subject, { callback: () => undefined });
      for (const subject of [...publishes, ...subscriptions]) await refused(subject);
    } finally {
      await own.close();
    }
    // The worker of the stack has the same login, and served the runs of these tests with it.
    const run = await startRun(stack.current, "with few rights", [call("refund", REFUND), { text: "ok" }]);
    await theApproval(run);
    await run.handle.approve();
    expect((await ended(run)).state).toBe("COMPLETED");
    expect(stack.current.ledger.done(run.runId)).toHaveLength(1);
  });
});

describe("a login at NATS", () => {
  it("gives nobody a call whose tool they have not registered, nor makes anybody believe what they say of it", async () => {
    const run = await startRun(
      stack.current,
      "a call that others know of",
      [
        {
          calls: [
            { tool: "get_order", args: {} },
            { tool: "adjust", args: { amount: 5, balance: 40 } },
          ],
        },
        { text: "ok" },
      ],
      { agent: deskAgent("guarded_queue") },
    );
    await theApproval(run);
    const [plain, gated] = [await callOf(run, "get_order"), await callOf(run, "adjust")];
    const thief = await rawWorker();
    // Its own registration is for another queue.
    expect((await thief.register([{ queue: "desk", name: "get_order" }])).error).toBeUndefined();
    const before = await historyOf(stack.current, run);
    for (const at of [undefined, ...(await orchestratorIds(stack.current))]) {
      expect(toldOf(await thief.claim(plain, at))).toBe("PERMISSION_DENIED");
      expect(toldOf(await thief.claim({ ...gated, preview: true }, at))).toBe("PERMISSION_DENIED");
      expect(toldOf(await thief.claim({ ...plain, namespace: "elsewhere" }, at))).toBe("NOT_FOUND");
      const argumentsDigest = digestOf("{}");
      const outcome = { case: "resultJson", value: '"forged"' } as const;
      const done = await thief.complete({ ...plain, argumentsDigest, outcome }, at);
      expect([done.error?.reason, done.status]).toEqual(["PERMISSION_DENIED", CompletionStatus.UNSPECIFIED]);
      const seen = { number: 1, outcome: { case: "contentJson", value: '{"after":{"balance":1}}' } } as const;
      const shown = await thief.complete({ ...gated, outcome: { case: "previewAnswer", value: seen } }, at);
      expect(shown.error?.reason).toBe("PERMISSION_DENIED");
    }
    expect(await historyOf(stack.current, run)).toEqual(before);

    await stack.current.addWorker({ queues: ["guarded_queue"] });
    await until("it was looked at", async () => {
      const { preview } = await theApproval(run);
      return preview?.status === "SHOWN";
    });
    await run.handle.approve();
    expect((await ended(run)).state).toBe("COMPLETED");
    expect(stack.current.ledger.done(run.runId).map(({ tool }) => tool)).toEqual(["get_order", "adjust"]);
  });

  it("lets nobody say what became of a lost call whose tool they have not registered", async () => {
    const agent = deskAgent("lost_queue");
    const run = await startRun(stack.current, "a lost payout", [call("payout"), { text: "ok" }], { agent });
    await theApproval(run);
    await run.handle.approve();
    const task = await callOf(run, "payout");
    const [lost, thief] = [await rawWorker("payer"), await rawWorker()];
    const payout = { queue: "lost_queue", name: "payout", approvalRequired: true, probe: true } as const;
    await lost.register([payout]);
    expect(toldOf(await lost.claim(task))).toBe("grant");
    // It shows no life, and is found out.
    const asks = { ...task, probe: true };
    const next = await rawWorker("payer-2");
    await next.register([payout]);
    await until("its probe is asked", async () => toldOf(await next.claim(asks)) === "grant");
    expect(toldOf(await thief.claim(asks))).toBe("PERMISSION_DENIED");
    const digest = digestOf("{}");
    const said = (verdict: ProbeVerdict) =>
      ({ ...task, argumentsDigest: digest, outcome: { case: "probeAnswer", value: { verdict } } }) as const;
    const forged = await thief.complete(said(ProbeVerdict.DID_NOT_HAPPEN));
    expect([forged.error?.reason, forged.status]).toEqual(["PERMISSION_DENIED", CompletionStatus.UNSPECIFIED]);
    expect((await next.complete(said(ProbeVerdict.HAPPENED))).status).toBe(CompletionStatus.ACCEPTED);
    expect((await ended(run)).state).toBe("COMPLETED");
  });
});

describe("a worker that has registered", () => {
  const tools = (...names: readonly string[]) => names.map((name) => ({ queue: "known_queue", name }));

  function calls(name: string, ...wanted: readonly string[]): Promise<DeskRun> {
    const steps = [{ calls: wanted.map((tool) => ({ tool, args: {} })) }, { text: "ok" }];
    return startRun(stack.current, name, steps, { agent: deskAgent("known_queue") });
  }

  it("at one orchestrator is served by another at once, by what it registers later too", async () => {
    const run = await calls("two orchestrators", "get_order", "get_customer");
    const [order, customer] = [await callOf(run, "get_order"), await callOf(run, "get_customer")];
    const [one, other] = await orchestratorIds(stack.current);
    const worker = await rawWorker("known");
    expect(toldOf(await worker.claim(order, other))).toBe("PERMISSION_DENIED");
    await worker.register(tools("get_order"), one);
    expect(toldOf(await worker.claim(order, other))).toBe("grant");
    await worker.heartbeat(other);
    expect(toldOf(await worker.claim(customer, other))).toBe("PERMISSION_DENIED");
    await worker.register(tools("get_order", "get_customer"), one);
    await worker.heartbeat(other);
    expect(toldOf(await worker.claim(customer, other))).toBe("grant");
    await run.handle.cancel();
  });

  it("and whose document was swept while orchestrators started anew registers again, and loses nothing", async () => {
    const run = await calls("swept", "get_order");
    const task = await callOf(run, "get_order");
    const worker = await rawWorker("swept");
    await worker.register(tools("get_order"));
    const kept = stack.current.database.collection("instances");
    await kept.deleteMany({ kind: "worker" });
    for (const one of stack.current.orchestrators) {
      await one.kill();
      await one.restart();
    }
    expect(toldOf(await worker.claim(task))).toBe("PERMISSION_DENIED");
    expect((await worker.heartbeat()).register).toBe(true);
    await worker.register(tools("get_order"));
    expect(toldOf(await worker.claim(task))).toBe("grant");
    await run.handle.cancel();
    // The SDK's worker does so by itself.
    await kept.deleteMany({ kind: "worker" });
    const next = await startRun(stack.current, "after the sweep", [call("get_order"), { text: "ok" }]);
    expect((await ended(next)).state).toBe("COMPLETED");
    expect(stack.current.ledger.done(next.runId)).toHaveLength(1);
  });
});
