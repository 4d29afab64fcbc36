import { type Approval, ApprovalKind, type WatchApprovalsResponse } from "@agentspan/proto";
import { expect, it } from "vitest";
import { type Stack, until } from "../../src/index.js";
import { call, type DeskRun, ended, REFUND, startRun, theApproval } from "../desk-run.js";

/** Watching approvals across runs. */
export function watchingScenarios(current: () => Stack): void {
  it("shows open approvals and then each that opens and closes, to every watcher, and filters", async () => {
    const stack = current();
    const labels = { watched: `w${Math.random()}`.replace(".", "") };
    const start = (gateway: number) =>
      startRun(stack, "watched", [call("refund", REFUND), { text: "ok" }], { gateway, labels });
    const early = await start(0);
    const shown = await theApproval(early);
    const watches = [0, 1].map((gateway) => new Watch(stack, gateway, { labels }));
    const others = new Watch(stack, 0, { labels, toolName: "email" });
    for (const watch of watches) await watch.sees(early, shown.approvalId, false);

    const late = await start(1);
    const { approvalId } = await theApproval(late);
    for (const watch of watches) await watch.sees(late, approvalId, false);
    await late.handle.approve();
    for (const watch of watches) await watch.sees(late, approvalId, true);
    await early.handle.reject("no");
    for (const watch of watches) await watch.sees(early, shown.approvalId, true);
    for (const run of [early, late]) await ended(run);
    for (const watch of watches) {
      const changes = watch.seen.map(({ approval, closed }) => `${approval?.approvalId} ${closed}`);
      expect(new Set(changes).size).toBe(changes.length);
      expect(watch.approvals().every(({ kind }) => kind === ApprovalKind.APPROVAL)).toBe(true);
      await watch.stop();
    }
    expect(others.seen).toEqual([]);
    await others.stop();
  });

  it("goes on from a cursor without a loss, also one in the middle of the snapshot", async () => {
    const stack = current();
    const labels = { watched: `w${Math.random()}`.replace(".", "") };
    const start = () => startRun(stack, "resumed", [call("refund", REFUND), { text: "ok" }], { labels });
    const runs = await Promise.all([start(), start(), start()]);
    for (const run of runs) await theApproval(run);
    const first = new Watch(stack, 0, { labels });
    await until("the snapshot is there", () => first.seen.length === runs.length);
    const cursors = first.seen.map(({ cursor }) => cursor);
    await first.stop();

    await runs[0]?.handle.reject("meanwhile");
    const [fresh] = await Promise.all([start()]);
    const opened = await theApproval(fresh);
    for (const [at, cursor] of cursors.entries()) {
      const again = new Watch(stack, at, { labels, cursor });
      const rejected = runs[0];
      if (rejected !== undefined) await again.closes(rejected);
      await again.sees(fresh, opened.approvalId, false);
      await again.stop();
    }
    for (const run of [...runs.slice(1), fresh]) await run.handle.reject("done");
    for (const run of [...runs, fresh]) await ended(run);
  });
}

/** What one watcher has been told. */
class Watch {
  readonly seen: WatchApprovalsResponse[] = [];
  readonly #stop = new AbortController();
  readonly #over: Promise<void>;

  constructor(
    stack: Stack,
    gateway: number,
    filter: Parameters<ReturnType<Stack["rpc"]>["approvals"]["watchApprovals"]>[0],
  ) {
    this.#over = this.#read(stack, gateway, filter);
    // Looked at again by stop().
    this.#over.catch(() => undefined);
  }

  approvals(): readonly Approval[] {
    return this.seen.flatMap(({ approval }) => approval ?? []);
  }

  sees({ runId }: DeskRun, approvalId: string, closed: boolean): Promise<unknown> {
    const isIt = (told: WatchApprovalsResponse): boolean =>
      told.approval?.runId === runId && told.approval.approvalId === approvalId && told.closed === closed;
    return until(`a watcher is told of ${approvalId}`, () => this.seen.some(isIt));
  }

  closes({ runId }: DeskRun): Promise<unknown> {
    return until(`a watcher is told that ${runId} closed`, () =>
      this.seen.some(({ approval, closed }) => approval?.runId === runId && closed),
    );
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#over;
  }

  async #read(stack: Stack, gateway: number, filter: object): Promise<void> {
    const { signal } = this.#stop;
    try {
      for await (const told of stack.rpc(gateway).approvals.watchApprovals(filter, { signal })) this.seen.push(told);
    } catch (thrown) {
      if (!signal.aborted) throw thrown;
    }
  }
}
