// What a person waits for outlives every process: each is killed while a run waits, started again, and the run goes on.
import { describe, expect, it } from "vitest";
import { ANNOUNCE_SOON, type Stack, until } from "../../src/index.js";
import { call, ended, REFUND, startRun, theApproval } from "../desk-run.js";
import { withStack } from "../stack-fixture.js";
import { expectHistoriesToFold } from "../stored-histories.js";

const VICTIMS: Readonly<Record<string, (stack: Stack) => Promise<void>>> = {
  worker: async ({ workers }) => {
    await workers[0]?.kill();
    await workers[0]?.restart();
  },
  gateway: async (stack) => {
    await stack.gateway().service.kill();
    await stack.gateway().restart();
  },
  orchestrator: async ({ orchestrators }) => {
    await orchestrators[0]?.kill();
    await orchestrators[0]?.restart();
  },
  "NATS server": async ({ servers }) => {
    await servers.nats.kill();
    await servers.nats.restart();
  },
  "MongoDB server": async ({ servers }) => {
    await servers.mongo.kill();
    await servers.mongo.restart();
  },
  "whole stack": async (stack) => {
    await stack.killAll();
    await stack.restartAll();
  },
};

describe("a run that waits for a person", () => {
  const stack = withStack({ ownStore: true, env: ANNOUNCE_SOON });

  it.each(Object.keys(VICTIMS))("goes on after SIGKILL of the %s and a new start", async (victim) => {
    const run = await startRun(stack.current, `kill the ${victim}`, [
      call("get_order"),
      call("refund", REFUND),
      call("email"),
      { text: "ok" },
    ]);
    const before = await theApproval(run);
    await VICTIMS[victim]?.(stack.current);
    expect(await theApproval(run)).toEqual(before);
    expect((await run.handle.approve()).closed).toBe(true);
    expect((await theApproval(run)).toolName).toBe("email");
    await run.handle.approve();
    expect((await ended(run)).state).toBe("COMPLETED");
    expect(stack.current.ledger.begun(run.runId).map(({ tool }) => tool)).toEqual(["get_order", "refund", "email"]);
    expect(stack.current.model.asked(run.input)).toHaveLength(4);
  });

  it("goes on after SIGKILL of the program that started it: another reaches it by its id", async () => {
    const input = stack.current.model.script("kill the client", [call("refund", REFUND), { text: "ok" }]);
    const client = await stack.current.addClient(input);
    const runId = String(client.ready.runId);
    const run = { input, runId, handle: stack.current.runtime().handle(runId) };
    await theApproval(run);
    await client.kill();
    await run.handle.approve();
    expect((await ended(run)).state).toBe("COMPLETED");
    expect(stack.current.ledger.begun(runId)).toHaveLength(1);
  });

  it("is served by the replica that is left when an orchestrator and a gateway are killed for good", async () => {
    const { current } = stack;
    await Promise.all([current.addOrchestrator(), current.addGateway()]);
    const run = await startRun(current, "replicas", [call("refund", REFUND), { text: "ok" }], { gateway: 1 });
    await theApproval(run);
    await Promise.all([current.orchestrators[0]?.kill(), current.gateway(0).service.kill()]);
    await run.handle.approve();
    expect((await ended(run)).state).toBe("COMPLETED");
    expect(current.ledger.begun(run.runId)).toHaveLength(1);
    await Promise.all([current.orchestrators[0]?.restart(), current.gateway(0).restart()]);
  });

  it("has a stored history that folds into its document, whatever was killed", async () => {
    await until("every run has ended", async () => {
      const open = await stack.current.database.collection("runs").countDocuments({ state: { $ne: "COMPLETED" } });
      return open === 0;
    });
    expect(await expectHistoriesToFold(stack.current)).toBe(Object.keys(VICTIMS).length + 2);
  });
});
