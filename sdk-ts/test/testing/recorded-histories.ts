// Runs of the core's own tests, as somebody would have exported them.
import type { RunEvent } from "@agentspan/orchestrator/core";
import { argumentsBefore, encodeEvent } from "@agentspan/orchestrator/in-process";
import { AgentDefinitionSchema, EventSchema } from "@agentspan/proto";
import { create, fromJsonString, toJsonString } from "@bufbuild/protobuf";
import type { History } from "../../src/testing/replay/history-file.js";

/** Through the text of a file. */
export function historyOf(stored: readonly RunEvent[]): History {
  const first = stored[0]?.fact;
  if (first?.type !== "run_started") throw new Error("A run begins with its start.");
  const { runId, agentName, agentVersion, parentRunId = "" } = first;
  const earlier = {
    arguments: (callId: string, before: number) => argumentsBefore(stored, callId, before) ?? "",
    at: (sequence: number) => stored[sequence - 1],
  };
  return {
    head: {
      ...{ runId, parentRunId, agentName, agentVersion, events: stored.length, ended: true },
      definition: create(AgentDefinitionSchema, { name: agentName }),
      ...{ exportedAt: "2026-11-30T12:00:00.000Z", exportedBy: "anonymous" },
    },
    events: stored.map((event) => {
      const text = toJsonString(EventSchema, encodeEvent(runId, agentName, event, earlier));
      return fromJsonString(EventSchema, text);
    }),
  };
}
