// SIGKILL of a worker in the middle of two hundred refunds: none begins twice by itself, and each can be settled.
import { deskAgent, type Stack as E2eStack, Stack, until } from "@agentspan/e2e";
import { ApprovalKind, type ListApprovalsResponse } from "@agentspan/proto";
import { type AgentHandle, AgentRuntime } from "@agentspan/sdk";
import { afterAll, beforeAll, expect, it } from "vitest";

const UNKNOWN = 150;
const PROBED = 50;
const PAUSED = 20;

/** Two hundred calls at the same instant take a machine that is busy with other things long. */
const PATIENTLY = { withinMs: 300_000, everyMs: 500 };
/** Nor is a worker that has them all lost for that. */
const LEASE = { AGENTSPAN_LEASE: "5s", AGENTSPAN_HEARTBEAT: "1s" };

let stack: E2eStack;
/** The SDK on each gateway: two hundred calls at the same instant may take a slow machine longer than it waits by itself. */
let runtimes: readonly AgentRuntime[] = [];
beforeAll(async () => {
  stack = await Stack.start({
    orchestrators: 2,
    gateways: 2,
    workers: 0,
    env: { AGENTSPAN_REQUEST_TIMEOUT: "20s", ...LEASE },
  });
  await stack.addWorker({ concurrency: UNKNOWN + PROBED });
  runtimes = stack.gateways.map(({ url }) => new AgentRuntime({ url, retryFor: "2m" }));
});
afterAll(async () => {
  await Promise.all(runtimes.map((runtime) => runtime.shutdown()));
  await stack?.stop();
});

it("leaves each as unknown, for its probe or a person, and touches no other run", async () => {
  const held = { order_id: "ORD-8821", amount: 5, hold: "refunds" };
  const unknown = await startMany("refund", held, UNKNOWN);
  const probed = await startMany("payout", { hold: "refunds" }, PROBED);
  const paused = await startMany("refund", held, PAUSED);
  await until(
    "all wait for approval",
    async () => (await open(ApprovalKind.APPROVAL)).length === UNKNOWN + PROBED + PAUSED,
    PATIENTLY,
  );
  await Promise.all(paused.map((runId) => handleOf(runId).pause()));
  await Promise.all([...unknown, ...probed, ...paused].map((runId) => handleOf(runId).approve()));
  const begun = () => stack.ledger.all().filter(({ step }) => step === "begin");
  await until("all are in the middle", () => begun().length === UNKNOWN + PROBED, PATIENTLY);

  const [worker] = stack.workers;
  await worker?.kill();
  await stack.openGate("refunds");
  await worker?.restart();

  await until(
    "each that has no probe is asked about",
    async () => (await open(ApprovalKind.SETTLEMENT)).length === UNKNOWN,
    PATIENTLY,
  );
  const settlements = await open(ApprovalKind.SETTLEMENT);
  expect(settlements.map(({ runId }) => runId).sort()).toEqual([...unknown].sort());
  await until("each that has a probe has ended", async () => (await completed(probed)) === PROBED, PATIENTLY);

  // Nothing was paid when the worker died, so the probes said no, and their receiver enforces the key: once more each.
  const starts = (ids: readonly string[]) => ids.map((runId) => stack.ledger.begun(runId).length);
  expect(new Set(starts(unknown))).toEqual(new Set([1]));
  expect(new Set(starts(probed))).toEqual(new Set([2]));
  expect(new Set(starts(paused))).toEqual(new Set([0]));

  await Promise.all(
    settlements.map(({ runId, approvalId }, at) => {
      const outcome = at % 3 === 0 ? "RUN_AGAIN" : at % 3 === 1 ? "HAPPENED" : "GIVE_UP";
      return handleOf(runId).settle(outcome, { approvalId, ...(outcome === "HAPPENED" ? { result: {} } : {}) });
    }),
  );
  await Promise.all(paused.map((runId) => handleOf(runId).resume()));
  const all = [...unknown, ...probed, ...paused];
  await until("all have ended", async () => (await completed(all)) === all.length, PATIENTLY);
  const again = settlements.filter((_, at) => at % 3 === 0).map(({ runId }) => runId);
  expect(new Set(starts(again))).toEqual(new Set([2]));
  expect(new Set(starts(unknown.filter((runId) => !again.includes(runId))))).toEqual(new Set([1]));
  expect(new Set(starts(paused))).toEqual(new Set([1]));
}, 900_000);

async function startMany(
  tool: string,
  args: Readonly<Record<string, unknown>>,
  count: number,
): Promise<readonly string[]> {
  const input = stack.model.script(tool, [{ calls: [{ tool, args }] }, { text: "ok" }]);
  const agent = deskAgent();
  const handles = await Promise.all(
    Array.from({ length: count }, (_, at) => runtimeOf(at).start(agent, input, { serve: false })),
  );
  return handles.map(({ runId }) => runId);
}

function runtimeOf(at: number): AgentRuntime {
  const runtime = runtimes[at % runtimes.length];
  if (runtime === undefined) throw new Error("The stack has no gateway.");
  return runtime;
}

function handleOf(runId: string): AgentHandle {
  return runtimeOf(0).handle(runId);
}

async function open(kind: ApprovalKind): Promise<ListApprovalsResponse["approvals"]> {
  const { approvals } = stack.rpc();
  const found: ListApprovalsResponse["approvals"] = [];
  for (let pageToken = ""; ; ) {
    const page = await approvals.listApprovals({ kinds: [kind], pageToken, pageSize: 100 });
    found.push(...page.approvals);
    pageToken = page.nextPageToken;
    if (pageToken === "") return found;
  }
}

function completed(ids: readonly string[]): Promise<number> {
  const filter = { state: "COMPLETED", _id: { $in: [...ids] } } as object;
  return stack.database.collection("runs").countDocuments(filter);
}
