// Standing grants through the whole stack, with signatures on: who lets calls run beforehand, and what a changed row gives.
import { describe, expect, it } from "vitest";
import { until } from "../../src/index.js";
import { call, ended, startRun, theApproval } from "../desk-run.js";
import { agentWith, begunIn, PEOPLE } from "../policy-desk.js";
import { withStack } from "../stack-fixture.js";

const stack = withStack({
  orchestrators: 2,
  gateways: 1,
  workers: 1,
  signed: true,
  // Whoever seems lost in between wastes a use, and uses are counted here.
  env: { AGENTSPAN_LEASE: "10s", AGENTSPAN_HEARTBEAT: "3s" },
});

const put = (agent: ReturnType<typeof agentWith>) => stack.current.rpc().agents.putAgent({ agent: agent.definition });
const runs = () => stack.current.rpc().runs;

describe("a standing grant", () => {
  it("lets as many calls run as it says, over two orchestrators, and the next one waits", async () => {
    const { grants } = stack.current.runtime();
    const terms = {
      agent: "granted",
      tool: "get_order",
      rule: "args.amount <= 100",
      maxUses: 3,
      expiresIn: "10m",
    } as const;
    const agent = agentWith("granted", { get_order: { approvers: PEOPLE } });
    await put(agent);
    const { grantId } = await grants.create({ ...terms, onBehalfOf: "maria" });
    const started = await Promise.all(
      Array.from({ length: 5 }, (_, n) =>
        startRun(stack.current, `granted ${n}`, [call("get_order", { amount: n }), { text: "ok" }], { agent }),
      ),
    );
    const ways = await Promise.all(
      started.map((run) =>
        until(`run ${run.runId} went on or waits`, async () => {
          const { isComplete, isWaiting } = await run.handle.getStatus();
          return isComplete ? "ran" : isWaiting && "waits";
        }),
      ),
    );
    expect(ways.toSorted()).toEqual(["ran", "ran", "ran", "waits", "waits"]);
    const ran = started.filter((_, at) => ways[at] === "ran");
    const grounds = await Promise.all(
      ran.map(async ({ runId }) => {
        const { events } = await runs().getHistory({ runId });
        const decided = events.find(({ event }) => event.case === "decided")?.event;
        return decided?.case === "decided" ? decided.value.decision : undefined;
      }),
    );
    expect(grounds.map((decision) => decision?.onBehalfOf)).toEqual(["maria", "maria", "maria"]);
    expect(grounds.map((decision) => decision?.ground?.grantId)).toEqual([grantId, grantId, grantId]);
    expect(grounds.map((decision) => decision?.ground?.use).toSorted()).toEqual([1, 2, 3]);
    const revoked = await grants.revoke(grantId, { onBehalfOf: "noah" });
    expect(revoked).toMatchObject({ uses: 3, maxUses: 3, revokedBy: "noah" });
    const waiting = started.filter((_, at) => ways[at] === "waits");
    for (const run of waiting) await run.handle.cancel("over");
  });

  it("lets nothing run once its row in MongoDB says more than was signed, or forgets its uses and its revocation", async () => {
    const { grants } = stack.current.runtime();
    const terms = { agent: "forged", tool: "get_order", expiresIn: "10m", onBehalfOf: "maria" } as const;
    const agent = agentWith("forged", { get_order: { approvers: PEOPLE } });
    await put(agent);
    const [wide, used, revoked] = await Promise.all([
      grants.create({ ...terms, rule: "args.amount <= 0", maxUses: 9 }),
      grants.create({ ...terms, maxUses: 1 }),
      grants.create({ ...terms, maxUses: 9 }),
    ]);
    await grants.revoke(revoked.grantId);
    const begin = (name: string) =>
      startRun(stack.current, name, [call("get_order", { amount: 5 }), { text: "ok" }], { agent });
    await ended(await begin("the one use"));
    const rows = stack.current.database.collection<{ _id: string }>("standingGrants");
    await rows.updateOne({ _id: wide.grantId }, { $set: { rule: "" } });
    await rows.updateOne({ _id: used.grantId }, { $set: { left: 1 } });
    await rows.updateOne({ _id: revoked.grantId }, { $unset: { revokedAt: "", revokedBy: "" } });
    const run = await begin("after the changes");
    await theApproval(run);
    expect(begunIn(stack.current, run.runId)).toBe(0);
    await run.handle.cancel("over");
  });
});
