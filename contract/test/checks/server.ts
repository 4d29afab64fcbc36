// What is of the server rather than of runs: health, reflection, and requests that cannot be taken.
import type { JsonObject } from "@bufbuild/protobuf";
import type { Scenario } from "./check.js";

const HEALTH = "grpc.health.v1.Health";
const ABSENT = { runId: "run_aaaaaaaaaaaaaaaaaaaaaaaaaa" };

export const health: Scenario = {
  name: "health",
  checks: [
    { name: "the server serves", call: `${HEALTH}/Check` },
    { name: "a service serves", call: `${HEALTH}/Check`, request: { service: "agentspan.v1.RunService" } },
    { name: "a service that is not there", call: `${HEALTH}/Check`, request: { service: "nobody" }, ends: "NOT_FOUND" },
    { name: "all of them", call: `${HEALTH}/List` },
    { name: "it is watched", call: `${HEALTH}/Watch`, leaveAfter: 1 },
  ],
};

export const reflection: Scenario = {
  name: "reflection",
  checks: [
    {
      name: "services and symbols, in one conversation",
      call: "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
      requests: [
        { listServices: "" },
        { fileContainingSymbol: "agentspan.v1.RunService.Start" },
        { fileContainingSymbol: "agentspan.v1.Nobody" },
      ],
    },
  ],
};

const long = (bytes: number): JsonObject => ({ agentName: "helper", input: `<x*${bytes}>` });

export const refusals: Scenario = {
  name: "refusals",
  checks: [
    { name: "a run that is not there", call: "RunService/GetStatus", request: ABSENT, refused: "RUN_NOT_FOUND" },
    {
      name: "the events of a run that is not there",
      call: "RunService/StreamEvents",
      request: ABSENT,
      refused: "RUN_NOT_FOUND",
    },
    {
      name: "the approval of a run that is not there",
      call: "ApprovalService/GetApproval",
      request: { ...ABSENT, approvalId: "apr_1" },
      refused: "RUN_NOT_FOUND",
    },
    { name: "no run", call: "RunService/StreamEvents", refused: "INVALID_REQUEST" },
    {
      name: "several faults at once",
      call: "RunService/Approve",
      request: { argumentsDigest: "md5:0", approvalId: "a.b", comment: "<x*20000>" },
      refused: "INVALID_REQUEST",
    },
    {
      name: "a value of a newer client",
      call: "RunService/ListRuns",
      request: { states: [99] },
      refused: "INVALID_REQUEST",
    },
    {
      name: "a cursor that no watch gave out",
      call: "ApprovalService/WatchApprovals",
      request: { cursor: "x" },
      refused: "INVALID_REQUEST",
    },
    { name: "an input of 300 KiB", call: "RunService/Start", request: long(300 * 1024), refused: "LIMIT_EXCEEDED" },
    { name: "a request of 3 MiB", call: "RunService/Start", request: long(3 * 1024 * 1024), refused: "LIMIT_EXCEEDED" },
  ],
};

const NEWER = {
  input: "agentspan.v1.GetStatusRequest",
  output: "agentspan.v1.GetStatusResponse",
  request: ABSENT,
} as const;

export const unknownCalls: Scenario = {
  name: "unknown-calls",
  only: "port",
  checks: [
    { ...NEWER, name: "a call of a newer client", call: "RunService/Teleport", refused: "UNIMPLEMENTED" },
    { ...NEWER, name: "a service of a newer client", call: "agentspan.v9.RunService/Start", refused: "UNIMPLEMENTED" },
  ],
};

/** grpc-js refuses them itself, without details. */
export const unknownCallsBare: Scenario = {
  name: "unknown-calls-bare",
  only: "grpcPort",
  checks: [
    { ...NEWER, name: "a call of a newer client", call: "RunService/Teleport", ends: "UNIMPLEMENTED" },
    { ...NEWER, name: "a service of a newer client", call: "agentspan.v9.RunService/Start", ends: "UNIMPLEMENTED" },
  ],
};

export const unknownFields: Scenario = {
  name: "unknown-fields",
  checks: [
    {
      name: "a field of a newer client",
      call: "RunService/GetStatus",
      input: "newer.GetStatusRequest",
      request: { ...ABSENT, onlyIfAsked: "carefully" },
      refused: "INVALID_REQUEST",
    },
  ],
};
