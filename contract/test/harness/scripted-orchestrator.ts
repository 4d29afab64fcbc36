// What the orchestrator behind the scripted gateway says, by the run that it is asked about.
import { REASONS } from "@agentspan/internal";
import {
  type Event,
  type GetHistoryRequest,
  GetHistoryResponseSchema,
  type GetStatusRequest,
  GetStatusResponseSchema,
  type ListToolsRequest,
  ListToolsResponseSchema,
  ListWorkersResponseSchema,
} from "@agentspan/proto";
import type { Message } from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";
import { type FakeAnswer, type FakeOrchestrator, reply } from "../../../services/gateway/test/fake-orchestrator.js";
import { WORDS } from "../checks/wire.js";

const LARGE = 900_000;
/** As long as a refusal's parts are cut to, and more; in letters of three bytes. */
const LONG = "€".repeat(4_000);

export function script(orchestrator: FakeOrchestrator): void {
  orchestrator.on("RunService/GetStatus", ({ request }) => statusOf((request as GetStatusRequest).runId));
  orchestrator.on("RunService/GetHistory", ({ request }) => historyOf(request as GetHistoryRequest & Message));
  orchestrator.on("WorkerService/ListWorkers", () => WORKERS);
  orchestrator.on("WorkerService/ListTools", ({ request }) => toolsOf(request as ListToolsRequest));
  orchestrator.append("open", [{ case: "warning", value: { message: "Nothing more comes." } }], { publish: false });
  const [, newEvent, done] = orchestrator.append(
    "newer",
    [
      { case: "warning", value: { message: "Something new comes." } },
      undefined,
      { case: "done", value: { outputJson: '{"result":"ok"}' } },
    ],
    { publish: false, ended: true },
  );
  unknownField(newEvent, 999);
  unknownField(done, 500);
}

const AT = { seconds: 1_800_000_000n, nanos: 5_000_000 };
const REFUND = { queue: "desk", name: "refund", approvalRequired: true, once: true, preview: true };

/** Every field of a worker, and of one of whom little is known. */
const WORKERS = reply(ListWorkersResponseSchema, {
  workers: [
    {
      ...{ workerId: "refunds-1", instanceId: "inc_1", language: "go", sdkVersion: "1.2.3", live: true },
      ...{ registeredAt: AT, lastSeenAt: AT, permittedUntil: AT, tasksInHand: 3 },
      tools: [{ ...REFUND, probe: true, notPermitted: true }],
    },
    { workerId: "refunds-2", instanceId: "inc_2", lastSeenAt: AT, problem: "it is not signed" },
  ],
  nextPageToken: "next",
});

/** A tool that is served, one of which nobody can tell what waits, and one for which nothing does. */
function toolsOf({ pageToken }: ListToolsRequest): FakeAnswer {
  if (pageToken !== "") return { failure: { reason: "INVALID_REQUEST", message: WORDS } };
  const served = { workerIds: ["refunds-1"], workerProcesses: 2, lastServedAt: AT };
  return reply(ListToolsResponseSchema, {
    tools: [
      { ...REFUND, ...served, agentNames: ["refunds"], waitingTasks: 9_007_199_254_740_993n },
      { queue: "desk", name: "unserved", agentNames: ["refunds", "sales"] },
      { queue: "desk", name: "idle", waitingTasks: 0n },
    ],
  });
}

function statusOf(runId: string): FakeAnswer {
  if (runId === "silent") return "silence";
  if (runId === "large") {
    return reply(GetStatusResponseSchema, { status: { runId, outputJson: JSON.stringify("x".repeat(LARGE)) } });
  }
  if (runId === "because_of_everything") {
    const fields = Array.from({ length: 40 }, (_, at) => ({ field: `${at} ${LONG}`, description: LONG }));
    const metadata = Object.fromEntries(["a", "b", "c", "d"].map((name) => [name, LONG]));
    return { failure: { reason: "INVALID_REQUEST", message: `It is ${LONG}.`, fields, metadata } };
  }
  const reason = REASONS.find((each) => runId === `because_${each}`);
  if (reason === undefined) return "default";
  const failure = {
    reason,
    message: WORDS,
    metadata: { winner: "Åsa" },
    retryAfter: { seconds: 2n, nanos: 500_000_000 },
  };
  return { failure: { ...failure, fields: [{ field: "runId", description: "is so" }] } };
}

function historyOf({ runId, afterSequence }: GetHistoryRequest): FakeAnswer {
  if (runId !== "breaks") return "default";
  if (afterSequence > 0n) return { failure: { reason: "RUN_NOT_FOUND", message: WORDS } };
  return reply(GetHistoryResponseSchema, { events: [{ runId, sequence: 1n }], more: true, lastSequence: 2n });
}

function unknownField(event: Event | undefined, no: number): void {
  if (event === undefined) throw new Error("There is no such event.");
  event.$unknown = [{ no, wireType: WireType.LengthDelimited, data: Uint8Array.of(2, 0x08, 0x01) }];
}
