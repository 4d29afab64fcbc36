// The core imports nothing, and so has figures of its own: they are those of the edge.
import { Limits } from "@agentspan/internal";
import { expect, it } from "vitest";
import * as core from "../src/core/index.js";

it("the core's limits are those of the edge", () => {
  expect({
    callsPerTurn: core.CALLS_PER_TURN,
    argumentsBytes: core.ARGUMENTS_BYTES,
    argumentsOfTurnBytes: core.ARGUMENTS_OF_TURN_BYTES,
    resultBytes: core.RESULT_BYTES,
    previewBytes: core.PREVIEW_BYTES,
    documentBytes: core.DOCUMENT_BYTES,
    documentWarningBytes: core.DOCUMENT_WARNING_BYTES,
    runBytes: core.RUN_BYTES,
  }).toEqual({
    callsPerTurn: Limits.callsPerTurn,
    argumentsBytes: Limits.argumentsBytes,
    argumentsOfTurnBytes: Limits.argumentsOfTurnBytes,
    resultBytes: Limits.resultBytes,
    previewBytes: Limits.previewBytes,
    documentBytes: Limits.documentBytes,
    documentWarningBytes: Limits.documentWarningBytes,
    runBytes: Limits.runBytes,
  });
});
