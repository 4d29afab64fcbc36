// Many at once, over two of each service: every run completes, none is lost, and no tool runs twice.
import { describe, expect, it } from "vitest";
import { deskAgent, until } from "../../src/index.js";
import { call, REFUND } from "../desk-run.js";
import { withStack } from "../stack-fixture.js";
import { expectHistoriesToFold } from "../stored-histories.js";

const RUNS = 200;
/** Some ten seconds on two free cores. */
const PATIENTLY = { timeout: 180_000 };

describe("two hundred runs at once", () => {
  const stack = withStack({
    orchestrators: 2,
    gateways: 2,
    workers: 2,
    env: { AGENTSPAN_REQUEST_TIMEOUT: "20s" },
  });

  it("all wait, are all approved, and all complete, each of their tools run exactly once", PATIENTLY, async () => {
    const { current } = stack;
    const agent = deskAgent();
    const input = current.model.script("many", [call("get_order"), call("refund", REFUND), { text: "ok" }]);
    const handles = await Promise.all(
      Array.from({ length: RUNS }, (_, at) => current.runtime(at).start(agent, input, { serve: false })),
    );
    const ids = handles.map(({ runId }) => runId);
    expect(new Set(ids).size).toBe(RUNS);
    await until("all wait", async () => (await count("WAITING")) === RUNS, { withinMs: 80_000, everyMs: 500 });

    const { approvals } = current.rpc();
    const open: string[] = [];
    for (let pageToken = ""; ; ) {
      const page = await approvals.listApprovals({ pageToken, pageSize: 75 });
      open.push(...page.approvals.map(({ runId }) => runId));
      pageToken = page.nextPageToken;
      if (pageToken === "") break;
    }
    expect(open.sort()).toEqual([...ids].sort());

    const answers = await Promise.all(ids.map((runId, at) => current.runtime(at).handle(runId).approve()));
    expect(answers.every(({ closed }) => closed)).toBe(true);
    await until("all complete", async () => (await count("COMPLETED")) === RUNS, { withinMs: 80_000, everyMs: 500 });

    const begun = current.ledger.all().filter(({ step }) => step === "begin");
    for (const tool of ["get_order", "refund"]) {
      expect(
        begun
          .filter((line) => line.tool === tool)
          .map(({ runId }) => runId)
          .sort(),
      ).toEqual([...ids].sort());
    }
    expect(current.model.asked(input)).toHaveLength(3 * RUNS);
    expect(new Set(begun.map(({ pid }) => pid)).size).toBe(2);
  });

  it("have histories that fold into their documents", async () => {
    expect(await expectHistoriesToFold(stack.current)).toBe(RUNS);
  });

  function count(state: string): Promise<number> {
    return stack.current.database.collection("runs").countDocuments({ state });
  }
});
