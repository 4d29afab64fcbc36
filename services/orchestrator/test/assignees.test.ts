// Whose approvals are listed, counted and watched, by the policy that decides who may answer them.
import { newId } from "@agentspan/internal";
import { ApprovalChangesRequestSchema, type Caller, ListApprovalsRequestSchema } from "@agentspan/proto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { beforeEach, describe, expect, it } from "vitest";
import { History } from "../src/history.js";
import { approvalChanges, listApprovals } from "../src/requests/approvals.js";
import type { RequestContext } from "../src/requests/index.js";
import { UnreadableRows } from "../src/unreadable-rows.js";
import { ANY_OBJECT, approves, type Desk, replies, Scene, start } from "./scenes/scene.js";

const FINANCE = { users: ["maria"], groups: ["finance"] };
const UPWARDS = {
  required: true,
  approvers: FINANCE,
  ...{ expiresIn: { seconds: 60n }, onExpiry: 3, escalateTo: { users: ["ceo"], groups: [] } },
};
const TOOLS = [
  { name: "pay", inputSchemaJson: ANY_OBJECT, approval: UPWARDS },
  { name: "refund", inputSchemaJson: ANY_OBJECT, approval: { required: true } },
];
const ANYBODY = { subject: "robin", groups: [] as string[] };

let scene: Scene;
let desk: Desk;
beforeEach(() => {
  scene = new Scene();
  desk = scene.desk();
});

function contextOf({ subject, groups }: Pick<Caller, "subject" | "groups">): RequestContext {
  const { store, agents } = desk;
  const context = { store, agents, history: new History(store), clock: scene.clock, namespace: "default" };
  return { ...context, unreadable: new UnreadableRows(), caller: { subject, groups } } as unknown as RequestContext;
}

async function list(filter: MessageInitShape<typeof ListApprovalsRequestSchema>, caller = ANYBODY) {
  const request = create(ListApprovalsRequestSchema, { withTotal: true, ...filter });
  const { approvals, total, nextPageToken } = await listApprovals(contextOf(caller), request);
  return { tools: approvals.map(({ runId, toolName }) => `${runId} ${toolName}`), total, nextPageToken };
}

/** A run that waits for these tools, each a second later than the one before. */
async function waiting(runId: string, tools: readonly string[]): Promise<void> {
  scene.now += 1_000;
  const agent = await desk.agent({ name: "desk", model: "script/any", tools: TOOLS });
  await desk.execute(start(runId), { agent, runId });
  await desk.execute(replies(1, tools), { runId });
}

describe("the approvals of somebody", () => {
  beforeEach(async () => {
    await waiting("run_b", ["pay", "refund"]);
    await waiting("run_a", ["pay"]);
  });

  it("are those that they may decide by name, or by a group, and those that name nobody; the oldest run first", async () => {
    const all = ["run_b pay", "run_b refund", "run_a pay"];
    expect(await list({})).toMatchObject({ tools: all, total: 3 });
    expect(await list({ assignee: "maria" })).toMatchObject({ tools: all, total: 3 });
    expect(await list({ assigneeGroups: ["sales", "finance"] })).toMatchObject({ tools: all, total: 3 });
    expect(await list({ assignee: "john" })).toMatchObject({ tools: ["run_b refund"], total: 1 });
    expect(await list({ assignee: "finance" })).toMatchObject({ tools: ["run_b refund"], total: 1 });
    expect(await list({ assignee: "maria", toolName: "pay" })).toMatchObject({ tools: [all[0], all[2]], total: 2 });
    expect(await list({ assignee: "maria", runId: "run_a" })).toMatchObject({ tools: [all[2]], total: 1 });
  });

  it("are the caller's own, by their credential's name and groups", async () => {
    expect((await list({ mine: true }, { subject: "maria", groups: [] })).total).toBe(3);
    expect((await list({ mine: true }, { subject: "x", groups: ["finance"] })).total).toBe(3);
    expect((await list({ mine: true })).tools).toEqual(["run_b refund"]);
  });

  it("are counted over all pages, once they are asked to be", async () => {
    const first = await list({ assignee: "maria", pageSize: 1 });
    expect(first).toMatchObject({ tools: ["run_b pay", "run_b refund"], total: 3 });
    const { nextPageToken: pageToken } = first;
    const next = { assignee: "maria", pageSize: 1, pageToken, withTotal: false };
    expect(await list(next)).toEqual({ tools: ["run_a pay"], total: 0, nextPageToken: "" });
  });

  it("stay in their pages while others are decided and come in between", async () => {
    const { nextPageToken: pageToken } = await list({ assignee: "maria", pageSize: 1 });
    const stored = await desk.stored("run_b");
    await desk.execute(approves(stored, "t1c1", newId("dec"), { authenticated: true }), { runId: "run_b" });
    await waiting("run_c", ["pay"]);
    expect((await list({ assignee: "maria", pageToken })).tools).toEqual(["run_a pay", "run_c pay"]);
  });

  it("go to others with the approval, and whoever had it is told so", async () => {
    const opened = scene.now;
    scene.now += 60_000;
    await desk.execute({ type: "tick" }, { runId: "run_a" });
    expect((await list({ assignee: "maria", toolName: "pay", runId: "run_a" })).total).toBe(0);
    expect((await list({ assignee: "ceo", toolName: "pay" })).tools).toEqual(["run_a pay"]);
    const changes = async (assignee: string) => {
      const filter = { assignee, toolName: "pay" };
      const asked = create(ApprovalChangesRequestSchema, { filter, since: timestampFromMs(opened + 1) });
      const { approvals } = await approvalChanges(contextOf(ANYBODY), asked);
      return approvals.map(({ approval }) => [approval?.runId, approval?.approvers?.users]);
    };
    for (const who of ["maria", "ceo"]) expect(await changes(who)).toEqual([["run_a", ["ceo"]]]);
    expect(await changes("john")).toEqual([]);
  });
});
