// What a call would do, shown before it is approved and looked at again before it runs, through the whole stack.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Approval, RunEvent } from "@agentspan/sdk";
import { describe, expect, it } from "vitest";
import { until } from "../../src/index.js";
import { call, type DeskRun, ended, startRun } from "../desk-run.js";
import { reasonOf } from "../policy-desk.js";
import { withStack } from "../stack-fixture.js";

const stack = withStack({ orchestrators: 2, gateways: 1, workers: 1, signed: true });

const runs = () => stack.current.rpc().runs;

describe("a tool that shows what its call would do", () => {
  const setBalance = (account: string, balance: number): void =>
    writeFileSync(join(stack.current.folder, account), String(balance));

  async function adjusting(account: string): Promise<DeskRun> {
    return startRun(stack.current, account, [call("adjust", { account, amount: 10 }), { text: "ok" }]);
  }

  /** The open approval once its preview is there or has failed; another than the one named. */
  function shown({ handle }: DeskRun, after?: Approval): Promise<Approval> {
    return until("it is shown what the call would do", async () => {
      const [open] = (await handle.getStatus()).pendingApprovals;
      return open !== undefined && open.approvalId !== after?.approvalId && open.preview?.status !== "PENDING" && open;
    });
  }

  async function eventsOf({ handle }: DeskRun): Promise<readonly RunEvent[]> {
    const events: RunEvent[] = [];
    for await (const event of handle.stream()) events.push(event);
    return events;
  }

  const effects = ({ runId }: DeskRun): number => stack.current.ledger.done(runId).length;

  it("runs on a check that finds the same, which is signed with the decision and the grant", async () => {
    setBalance("same", 50);
    const run = await adjusting("same");
    const { preview, argumentsDigest } = await shown(run);
    expect(preview).toMatchObject({
      status: "SHOWN",
      content: { before: { balance: 50 }, after: { balance: 40 } },
      fields: ["after.balance"],
      previous: undefined,
    });
    // Who opened the page before it was there, and clicks now, has not seen it.
    const unseen = runs().approve({ runId: run.runId, argumentsDigest, previewFingerprint: "" });
    expect(await reasonOf(unseen)).toContain("not what was shown");
    await run.handle.approve();
    expect((await ended(run)).state).toBe("COMPLETED");
    const events = await eventsOf(run);
    const told = events.map(({ type }) => type);
    const from = told.indexOf("waiting");
    expect(told.slice(from, told.lastIndexOf("tool_result") + 1)).toEqual(
      ["waiting", "preview_asked", "preview_taken", "decided", "preview_asked", "preview_taken"].concat([
        "tool_started",
        "tool_result",
      ]),
    );
    const print = preview?.fingerprint;
    expect(events.find(({ type }) => type === "decided")).toMatchObject({ decision: { previewFingerprint: print } });
    expect(events.find(({ type }) => type === "tool_started")).toMatchObject({ checkedPreview: print, attempt: 1 });
    const { events: stored } = await runs().getHistory({ runId: run.runId, pageSize: 100 });
    const texts = stored.flatMap(({ event }) => {
      if (event.case === "decided") return [event.value.signature?.signedText];
      return event.case === "toolStarted" ? [event.value.grant?.signedText] : [];
    });
    expect(texts.map((text) => text?.includes(`"preview":"${print}"`))).toEqual([true, true]);
    expect(effects(run)).toBe(1);
  });

  it("is asked about again with both where it would do something else, and for the third time is unstable", async () => {
    setBalance("drifts", 50);
    const run = await adjusting("drifts");
    let open = await shown(run);
    for (const balance of [40, 30]) {
      setBalance("drifts", balance);
      await run.handle.approve();
      const before = open;
      open = await shown(run, before);
      expect(open.preview).toMatchObject({
        status: "SHOWN",
        content: { before: { balance } },
        previous: { status: "SHOWN", fingerprint: before.preview?.fingerprint, content: before.preview?.content },
      });
      expect(open.votes).toEqual([]);
      expect(open.reason).toContain("has changed since");
    }
    setBalance("drifts", 20);
    await run.handle.approve();
    expect((await ended(run)).state).toBe("COMPLETED");
    const [result] = (await eventsOf(run)).filter(({ type }) => type === "tool_result");
    expect(result).toMatchObject({ errorReason: "PREVIEW_UNSTABLE", outcome: { kind: "error" } });
    expect(stack.current.model.told(run.input)[0]).toContain("PREVIEW_UNSTABLE");
    expect(effects(run)).toBe(0);
  });

  it("says where nobody can see what it would do, and runs unchecked then", async () => {
    const run = await adjusting("missing");
    const { preview } = await shown(run);
    expect(preview).toMatchObject({ status: "FAILED", contentJson: "", fingerprint: "" });
    expect(preview?.detail).toContain("ENOENT");
    await run.handle.approve();
    expect((await ended(run)).state).toBe("COMPLETED");
    const started = (await eventsOf(run)).find(({ type }) => type === "tool_started");
    expect(started).toMatchObject({ checkedPreview: "" });
    expect(effects(run)).toBe(1);
  });

  it("goes back to people where it cannot be looked at again", async () => {
    setBalance("lost", 50);
    const run = await adjusting("lost");
    const first = await shown(run);
    rmSync(join(stack.current.folder, "lost"));
    await run.handle.approve();
    const { preview, reason } = await shown(run, first);
    expect(preview).toMatchObject({ status: "FAILED", previous: { fingerprint: first.preview?.fingerprint } });
    expect(reason).toContain("could not be looked at again");
    await run.handle.reject("not without seeing it");
    expect((await ended(run)).state).toBe("COMPLETED");
    expect(effects(run)).toBe(0);
  });
});
