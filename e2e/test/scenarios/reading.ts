import { RunState } from "@agentspan/proto";
import { expect, it } from "vitest";
import { type Stack, until } from "../../src/index.js";
import { call, ended, REFUND, startRun, theApproval, waitingFor } from "../desk-run.js";

/** Events and lists, as they are read. */
export function readingScenarios(current: () => Stack): void {
  it("gives each event after any sequence once and in order, and ends after the terminal one", async () => {
    const stack = current();
    const run = await startRun(stack, "any sequence", [call("get_order"), call("refund", REFUND), { text: "ok" }]);
    await theApproval(run);
    const readers = [0n, 3n, 100n].map((after, at) => sequencesOf(stack, run.runId, after, at));
    await run.handle.approve();
    await ended(run);
    const { lastSequence } = await run.handle.getStatus();
    const all = Array.from({ length: lastSequence }, (_, at) => at + 1);
    expect(await Promise.all(readers)).toEqual([all, all.slice(3), []]);
    for (const after of [0, 1, lastSequence - 1, lastSequence]) {
      expect(await sequencesOf(stack, run.runId, BigInt(after), 1)).toEqual(all.slice(after));
    }
  });

  it("gives each event once and in order over a gateway that is killed and comes back on the same port", async () => {
    const stack = current();
    const gateway = stack.gateway(1);
    const run = await startRun(stack, "reconnection", [call("get_order"), call("refund", REFUND), { text: "ok" }], {
      gateway: 1,
    });
    const sequences: number[] = [];
    const types: string[] = [];
    const reading = (async () => {
      for await (const event of run.handle.stream()) {
        sequences.push(event.sequence);
        types.push(event.type);
      }
    })();
    await until("the stream shows the checkpoint", () => types.includes("waiting"));
    await gateway.service.kill();
    await gateway.restart();
    await run.handle.approve();
    await reading;
    expect(sequences).toEqual(sequences.map((_, at) => at + 1));
    expect(types.at(-1)).toBe("done");
    expect(types.filter((type) => type === "tool_result")).toHaveLength(2);
  });

  it("lists runs by state, agent and labels, page by page, and open checkpoints across runs", async () => {
    const stack = current();
    const { runs, approvals } = stack.rpc(1);
    const labels = { team: `t${Date.now()}`, kind: "list" };
    const started = await Promise.all(
      ["a", "b", "c"].map((name) => startRun(stack, name, [call("refund", REFUND), { text: "ok" }], { labels })),
    );
    const other = await startRun(stack, "other", [call("refund", REFUND), { text: "ok" }], {
      labels: { team: "other" },
    });
    for (const run of [...started, other]) await waitingFor(run);
    const [first] = started;
    await first?.handle.reject("no");
    if (first !== undefined) await ended(first);

    const ids = started.map(({ runId }) => runId);
    expect(await allRuns({ labels })).toEqual(new Set(ids));
    expect(await allRuns({ labels, states: [RunState.WAITING] })).toEqual(new Set(ids.slice(1)));
    expect(await allRuns({ labels: { ...labels, kind: "none" } })).toEqual(new Set());
    expect(await allRuns({ labels, agentName: "nobody" })).toEqual(new Set());
    const open = await approvals.listApprovals({ labels, toolName: "refund" });
    expect(open.approvals.map(({ runId }) => runId).sort()).toEqual(ids.slice(1).sort());
    expect(open.approvals.every(({ argumentsJson }) => argumentsJson.includes("ORD-8821"))).toBe(true);
    expect((await approvals.listApprovals({ labels, toolName: "email" })).approvals).toEqual([]);
    const [shown] = open.approvals;
    const one = await approvals.getApproval({ runId: shown?.runId ?? "", approvalId: shown?.approvalId ?? "" });
    expect(one.approval?.argumentsDigest).toBe(shown?.argumentsDigest);
    expect((await runs.getStatus({ runId: ids[1] ?? "" })).status?.labels).toEqual(labels);
    for (const run of [...started.slice(1), other]) {
      await run.handle.reject("no");
      await ended(run);
    }

    /** Every run that fits, read in pages of two. */
    async function allRuns(filter: Parameters<typeof runs.listRuns>[0]): Promise<ReadonlySet<string>> {
      const found: string[] = [];
      let pageToken = "";
      do {
        const page = await runs.listRuns({ ...filter, pageSize: 2, pageToken });
        expect(page.runs.length).toBeLessThanOrEqual(2);
        found.push(...page.runs.map(({ runId }) => runId));
        pageToken = page.nextPageToken;
      } while (pageToken !== "");
      expect(new Set(found).size).toBe(found.length);
      return new Set(found);
    }
  });
}

async function sequencesOf(stack: Stack, runId: string, afterSequence: bigint, gateway: number): Promise<number[]> {
  const sequences: number[] = [];
  for await (const { event } of stack.rpc(gateway).runs.streamEvents({ runId, afterSequence })) {
    sequences.push(Number(event?.sequence));
  }
  return sequences;
}
