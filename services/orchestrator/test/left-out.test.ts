// What lists of runs and approvals have where something of one run does not hang together.
import { createLogger } from "@agentspan/internal";
import {
  ApprovalChangesRequestSchema,
  GetStatusRequestSchema,
  ListApprovalsRequestSchema,
  ListRunsRequestSchema,
} from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { beforeEach, describe, expect, it } from "vitest";
import { AgentCatalog } from "../src/agent-catalog.js";
import { History } from "../src/history.js";
import { approvalChanges, listApprovals } from "../src/requests/approvals.js";
import { BlockedTools, type RequestContext } from "../src/requests/index.js";
import { getStatus, listRuns } from "../src/requests/read.js";
import { UnreadableRows } from "../src/unreadable-rows.js";
import { ANY_OBJECT, type Desk, replies, Scene, start } from "./scenes/scene.js";

const SECRET = "what nobody is to read in a log";
const ALL = ["run_a", "run_b", "run_c"];
const OTHERS = ["run_a", "run_c"];

let scene: Scene;
let desk: Desk;
let context: RequestContext;
let lines: Record<string, unknown>[];

beforeEach(async () => {
  scene = new Scene();
  desk = scene.desk();
  lines = [];
  const log = createLogger("test", "info", { write: (line) => void lines.push(JSON.parse(line)) });
  const { store } = desk;
  const known = { store, agents: new AgentCatalog(store, scene.clock), history: new History(store), log };
  const asks = { clock: scene.clock, namespace: "default", caller: { subject: "robin", groups: [] } };
  const left = { unreadable: new UnreadableRows({ log }), blocked: new BlockedTools(store, 10_000) };
  context = { ...known, ...asks, ...left } as unknown as RequestContext;
  for (const runId of ALL) {
    scene.now += 1_000;
    const tools = [{ name: "pay", inputSchemaJson: ANY_OBJECT, approval: { required: true } }];
    const agent = await desk.agent({ name: `agent_${runId}`, model: "script/any", tools });
    await desk.execute(start(runId), { agent, runId });
    await desk.execute(replies(1, ["pay"]), { runId });
  }
});

const runs = async () => (await listRuns(context, create(ListRunsRequestSchema))).runs.map(({ runId }) => runId).sort();
const approvals = async (mine: boolean, pageSize = 0) => {
  const found: string[] = [];
  for (let pageToken = ""; ; ) {
    const page = await listApprovals(context, create(ListApprovalsRequestSchema, { mine, pageSize, pageToken }));
    found.push(...page.approvals.map(({ runId }) => runId));
    if (page.nextPageToken === "") return found;
    pageToken = page.nextPageToken;
  }
};
const changes = async () => {
  const request = create(ApprovalChangesRequestSchema, {});
  return (await approvalChanges(context, request)).approvals.map(({ approval }) => approval?.runId);
};

describe("of a run", () => {
  const spoil = (change: (text: string) => string): void => {
    const record = scene.database.runs.get("run_b");
    if (record === undefined) throw new Error("The run was stored.");
    const { run, events } = record;
    scene.database.runs.set("run_b", { ...record, run: change(run), events: events.map(change) });
  };

  it("whose state is none nothing is listed, and whoever asks for it is told which row that is", async () => {
    spoil((text) => `{"${SECRET}${text}`);
    expect(await approvals(false)).toEqual(OTHERS);
    expect(await changes()).toEqual(OTHERS);
    expect(await runs()).toEqual(OTHERS);
    await expect(getStatus(context, create(GetStatusRequestSchema, { runId: "run_b" }))).rejects.toMatchObject({
      reason: "ROW_UNREADABLE",
      metadata: { collection: "runs", row: "run_b", place: "run" },
    });
  });

  it("whose events say what no message holds everything is listed but its approval", async () => {
    spoil((text) => text.replace('"type":"waiting"', `"type":"waiting","approvers":{"users":5,"groups":"${SECRET}"}`));
    expect(await approvals(false)).toEqual(OTHERS);
    expect(await approvals(true, 1)).toEqual(OTHERS);
    expect(await changes()).toEqual(OTHERS);
    expect(await runs()).toEqual(ALL);
    expect(lines).toMatchObject([{ collection: "runs", row: "run_b", reason: "INTERNAL" }]);
    expect(JSON.stringify(lines)).not.toContain(SECRET);
  });

  it("whose times are in no calendar nothing is listed", async () => {
    spoil((text) => text.replace(/"startedAt":[0-9]+/, '"startedAt":1e300'));
    expect(await runs()).toEqual(OTHERS);
  });

  it("whose definition is gone nothing is listed for somebody, of whom it would say whether they may decide", async () => {
    for (const key of scene.database.agents.keys()) if (key.includes("agent_run_b")) scene.database.agents.delete(key);
    expect(await approvals(true)).toEqual(OTHERS);
    expect(await approvals(false)).toEqual(ALL);
    expect(lines).toMatchObject([{ collection: "runs", row: "run_b", reason: "AGENT_NOT_FOUND" }]);
  });
});

it("nothing is left out while the store is away", async () => {
  const agents = { agentOf: () => desk.store.load("run_a", "majority") };
  context = { ...context, agents: agents as unknown as AgentCatalog };
  desk.store.befall("load", "away");
  await expect(approvals(true)).rejects.toMatchObject({ reason: "STORE_UNAVAILABLE" });
});
