import { inspect } from "node:util";
import { START_WITH } from "@agentspan/internal";
import { expect, it } from "vitest";
import { callError } from "../src/rpc/call-error.js";

it("shows whoever does not catch that no server answers the sentence, and no stack", () => {
  const cause = new Error("connect ECONNREFUSED 127.0.0.1:1");
  const failed = { code: 14, message: cause.message, details: [], cause };
  const error = callError(failed, "http://127.0.0.1:1");
  expect(inspect(error)).toBe(
    `[AgentspanError: Cannot reach an Agentspan server at http://127.0.0.1:1 (connect ECONNREFUSED 127.0.0.1:1). Is the server running? ${START_WITH}] {
  reason: 'BUS_UNAVAILABLE',
  [cause]: 'Error: connect ECONNREFUSED 127.0.0.1:1'
}`,
  );
  expect(error.metadata).toEqual({ address: "http://127.0.0.1:1" });
});
