// The kit in memory: what it carries out is compared with a server's in test/servers/kit-histories.test.ts.
import { memoryKit } from "@agentspan/sdk/testing";
import { describe, it } from "vitest";
import { SCENARIOS, type Stage } from "./kit-scenarios.js";

const STAGE: Stage = { makeKit: memoryKit, expiresIn: "30d", thinksFor: "2d" };

describe("on a stack in memory", () => {
  it.each(Object.entries(SCENARIOS))("%s", async (_, scenario) => {
    await scenario(STAGE);
  });
});
