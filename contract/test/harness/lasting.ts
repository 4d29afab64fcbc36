// What takes its time: streams that are left, that run out of time, and that are silent for long.
import { setTimeout as delay } from "node:timers/promises";
import { until } from "@agentspan/e2e";
import { expect } from "vitest";
import type { FakeOrchestrator } from "../../../services/gateway/test/fake-orchestrator.js";
import type { Call, Probe } from "./call.js";
import { GrpcJsProbe } from "./grpc-js-probe.js";
import type { Subject } from "./run-scenario.js";

/** So long is a stream silent, and at least for a ping. */
const SILENT_MS = 500;

/** Somebody who always reads: a gateway without readers compares nothing. */
export async function witness(orchestrator: FakeOrchestrator, port: number): Promise<Probe> {
  openRun(orchestrator, "witnessed");
  const probe = new GrpcJsProbe();
  await probe.begin(eventsOf("witnessed", port)).arrived(1);
  return probe;
}

/** A run with one event, of which more may come. */
function openRun(orchestrator: FakeOrchestrator, runId: string): void {
  orchestrator.append(runId, [{ case: "warning", value: {} }], { publish: false });
}

function eventsOf(runId: string, port: number): Call {
  return {
    port,
    path: "/agentspan.v1.RunService/StreamEvents",
    kind: "server_streaming",
    input: "agentspan.v1.StreamEventsRequest",
    output: "agentspan.v1.StreamEventsResponse",
    requests: [{ runId }],
  };
}

/** Whether the gateway compares its events of a run with the orchestrator's: it does for each run that somebody reads. */
function watched(orchestrator: FakeOrchestrator, runId: string): Promise<boolean> {
  const before = orchestrator.of("Internal/Sequences").length;
  return until("the gateway compares", () => {
    // The first question may have been on its way.
    const [, question] = orchestrator.of("Internal/Sequences").slice(before);
    return question !== undefined && { asked: JSON.stringify(question.request).includes(`"${runId}"`) };
  }).then(({ asked }) => asked);
}

/** A stream that its client leaves, and one whose deadline passes, leave nothing behind at the gateway. */
export async function leavesNothing(
  orchestrator: FakeOrchestrator,
  { probe, port, variables }: Subject,
): Promise<void> {
  for (const how of ["CANCELLED", "DEADLINE_EXCEEDED"]) {
    const runId = `${variables.get("me")}_${how}`;
    openRun(orchestrator, runId);
    const call = eventsOf(runId, port);
    const stream = probe.begin(how === "CANCELLED" ? call : { ...call, deadlineMs: 1_000 });
    await stream.arrived(1);
    if (how === "CANCELLED") {
      expect(await watched(orchestrator, runId), "a stream that is read is watched").toBe(true);
      stream.cancel();
    }
    expect(await stream.end).toMatchObject({ code: how });
    await until(`${how}: nobody watches ${runId}`, async () => !(await watched(orchestrator, runId)));
  }
}

/** A stream that is silent while its client pings as often as it can is still there, and tells what happens. */
export async function outlastsPings(orchestrator: FakeOrchestrator, subject: Subject): Promise<void> {
  const { probe, port, variables, pingEveryMs } = subject;
  if (pingEveryMs === undefined) throw new Error("This stack has no pings.");
  const runId = `${variables.get("me")}_pinged`;
  openRun(orchestrator, runId);
  const stream = probe.begin({ ...eventsOf(runId, port), pingEveryMs });
  await stream.arrived(1);
  // Time is what this is about: nothing else tells that a client has pinged.
  await delay(Math.max(SILENT_MS, 1.2 * pingEveryMs));
  orchestrator.append(runId, [{ case: "done", value: { outputJson: "{}" } }], { ended: true });
  expect((await stream.end).code).toBe("OK");
  expect(stream.messages).toHaveLength(2);
}
