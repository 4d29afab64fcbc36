// Against a gateway whose orchestrator says what a test wants: every reason, and messages at the edges of what travels.
import { REASONS } from "@agentspan/internal";
import type { Check, Scenario } from "./check.js";

/** What the orchestrator says of every run "because_<reason>". */
export const WORDS = 'Because of it – naïvely, 100 % \n "sure"; 🐎.';

export const reasons: Scenario = {
  name: "reasons",
  checks: REASONS.map(
    (reason): Check => ({
      name: reason,
      call: "RunService/GetStatus",
      request: { runId: `because_${reason}` },
      refused: reason,
      message: WORDS,
    }),
  ),
};

export const edges: Scenario = {
  name: "edges",
  checks: [
    {
      name: "a reason amid a stream",
      call: "RunService/StreamEvents",
      request: { runId: "breaks" },
      refused: "RUN_NOT_FOUND",
      message: WORDS,
    },
    {
      name: "the longest refusal that there is",
      call: "RunService/GetStatus",
      request: { runId: "because_of_everything" },
      refused: "INVALID_REQUEST",
    },
    { name: "a large answer", call: "RunService/GetStatus", request: { runId: "large" } },
    {
      name: "a large request",
      call: "RunService/Start",
      request: { agentName: "helper", input: "<ž*131072>", idempotencyKey: "<me> large" },
    },
    { name: "a field and an event of a newer server", call: "RunService/StreamEvents", request: { runId: "newer" } },
    {
      name: "nobody answers by the deadline",
      call: "RunService/GetStatus",
      request: { runId: "silent" },
      deadlineMs: 300,
      ends: "DEADLINE_EXCEEDED",
    },
    {
      name: "a stream has not ended by the deadline",
      call: "RunService/StreamEvents",
      request: { runId: "open" },
      deadlineMs: 2_000,
      ends: "DEADLINE_EXCEEDED",
    },
    {
      name: "a stream is left",
      call: "RunService/StreamEvents",
      request: { runId: "open" },
      leaveAfter: 1,
      ends: "CANCELLED",
    },
  ],
};

export const compressed: Scenario = {
  name: "compressed",
  checks: [
    {
      name: "a large request",
      call: "RunService/Start",
      request: { agentName: "helper", input: "<ž*131072>", idempotencyKey: "<me> large" },
      gzip: true,
    },
    {
      name: "a request that is refused",
      call: "RunService/GetStatus",
      request: { runId: "because_RUN_ENDED" },
      gzip: true,
      refused: "RUN_ENDED",
      message: WORDS,
    },
  ],
};
