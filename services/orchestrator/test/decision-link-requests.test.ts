// CreateDecisionLink: for which approvals there is a link, for whom, until when, and about what.
import { readDecisionLink } from "@agentspan/internal";
import { ApprovalService, type DecisionLink } from "@agentspan/proto";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { beforeEach, describe, expect, it } from "vitest";
import { DecisionLinks } from "../src/decision-links.js";
import { methods, type RequestContext } from "../src/requests/index.js";
import { key, listed, signing } from "./proof/signed-desk.js";
import { ANY_OBJECT, approves, type Desk, RUN, replies, Scene, start } from "./scenes/scene.js";

const HOUR_MS = 3_600_000;
const keys = signing(key, [listed(key)]);
const { input, output } = ApprovalService.method.createDecisionLink;

let scene: Scene;
let desk: Desk;
beforeEach(() => {
  scene = new Scene();
  desk = scene.desk();
});

async function link(
  request: MessageInitShape<typeof input>,
  namespace = "default",
  method = "api_key",
): Promise<DecisionLink> {
  const { store, agents, engine } = desk;
  const links = new DecisionLinks({ store, clock: scene.clock, signing: keys });
  const caller = { subject: "john", groups: [], roles: ["approver"], method, credentialId: "k1" };
  const context = { store, agents, engine, clock: scene.clock, links, namespace, caller } as unknown as RequestContext;
  const body = toBinary(input, create(input, { runId: RUN, person: "maria", idempotencyKey: "k", ...request }));
  const answer = await methods["ApprovalService/CreateDecisionLink"]?.(context, body);
  const made = fromBinary(output, answer ?? new Uint8Array()).link;
  if (made === undefined) throw new Error("The answer has no link.");
  return made;
}

async function startWith(approval: object, calls = ["refund"]): Promise<void> {
  const tools = [{ name: "refund", inputSchemaJson: ANY_OBJECT, approval: { required: true, ...approval } }];
  const ask = { name: "ask", kind: 1, inputSchemaJson: ANY_OBJECT, answerSchemaJson: "{}" };
  const agent = await desk.agent({ name: "desk", model: "script/any", tools: [...tools, ask] });
  await desk.execute(start(), { agent });
  await desk.execute(replies(1, calls));
}

const saidIn = ({ url }: DecisionLink) => readDecisionLink(url.slice("/decide/".length), keys.trusted);
const openIds = async () => Object.keys((await desk.stored()).run.checkpoints);

describe("a link to an approval", () => {
  it("is about the one that is open, with its arguments, for a day unless said", async () => {
    await startWith({});
    const [approvalId = ""] = await openIds();
    const made = await link({});
    const { digest } = (await desk.stored()).run.checkpoints[approvalId] ?? {};
    expect(made).toMatchObject({
      runId: RUN,
      approvalId,
      person: "maria",
      toolName: "refund",
      argumentsDigest: digest,
    });
    expect(timestampMs(made.expiresAt ?? timestampFromMs(0))).toBe(scene.now + 24 * HOUR_MS);
    expect(saidIn(made)).toMatchObject({
      ...{ link: made.linkId, namespace: "default", run: RUN, approval: approvalId, agent: "desk", tool: "refund" },
      ...{ digest, person: "maria", at: scene.now, until: scene.now + 24 * HOUR_MS },
    });
    expect(saidIn(made)).not.toHaveProperty("preview");
    const until = timestampFromMs(scene.now + HOUR_MS);
    expect((await link({ approvalId, expiresAt: until, idempotencyKey: "other" })).expiresAt).toEqual(until);
    const late = timestampFromMs(scene.now + 60 * 24 * HOUR_MS);
    expect(saidIn(await link({ expiresAt: late, idempotencyKey: "long" }))?.until).toBe(scene.now + 30 * 24 * HOUR_MS);
  });

  it("ends with the approval, and is of none that has ended", async () => {
    await startWith({ expiresIn: { seconds: 60n } });
    expect(saidIn(await link({}))?.until).toBe(scene.now + 60_000);
    scene.now += 60_000;
    const [approvalId = ""] = await openIds();
    await expect(link({ approvalId, idempotencyKey: "late" })).rejects.toMatchObject({ reason: "NOTHING_TO_DECIDE" });
  });

  it("is about the arguments that somebody edited, once they did", async () => {
    await startWith({ votesRequired: 2 });
    const before = saidIn(await link({}))?.digest;
    const verdict = { kind: "approve", editedArguments: '{"amount":5}' } as const;
    await desk.execute(approves(await desk.stored(), "t1c1", "d1", { verdict }));
    const after = saidIn(await link({ idempotencyKey: "other" }))?.digest;
    expect(after).not.toBe(before);
    await expect(link({})).rejects.toMatchObject({ reason: "IDEMPOTENCY_KEY_REUSED" });
  });

  it("names the preview that is in sight", async () => {
    await startWith({ preview: {} });
    const tools = [{ name: "refund", inputSchemaJson: ANY_OBJECT, approval: { required: true }, preview: {} }];
    const agent = await desk.agent({ name: "desk", model: "script/any", tools });
    await desk.execute(start("run_2"), { agent, runId: "run_2" });
    await desk.execute(replies(1, ["refund"]), { runId: "run_2" });
    expect(saidIn(await link({ runId: "run_2" }))).not.toHaveProperty("preview");
    await desk.execute({ type: "claim_preview", callId: "t1c1", attempt: 1, workerId: "w1" }, { runId: "run_2" });
    const digest = (await desk.stored("run_2")).run.turn.calls[0]?.digest ?? "";
    const said = { kind: "found", text: '{"balance":7}' } as const;
    const seen = { callId: "t1c1", number: 1, digest, workerId: "w1", said };
    await desk.execute({ type: "answer_preview", ...seen }, { runId: "run_2" });
    const shown = Object.values((await desk.stored("run_2")).run.checkpoints)[0]?.preview?.shows;
    expect(shown?.kind).toBe("shown");
    expect(saidIn(await link({ runId: "run_2", idempotencyKey: "b" }))?.preview).toBe(
      shown?.kind === "shown" ? shown.fingerprint : "none",
    );
  });

  it("must say which, where several are open, and is of none that is decided or is no approval", async () => {
    await startWith({}, ["refund", "refund", "ask"]);
    const [first = "", , question = ""] = await openIds();
    await expect(link({})).rejects.toMatchObject({ reason: "APPROVAL_ID_REQUIRED" });
    expect((await link({ approvalId: first })).approvalId).toBe(first);
    await expect(link({ approvalId: question })).rejects.toMatchObject({ reason: "INVALID_REQUEST" });
    await expect(link({ approvalId: "apr_none" })).rejects.toMatchObject({ reason: "APPROVAL_NOT_FOUND" });
    await desk.execute(approves(await desk.stored(), "t1c1", "d1"));
    await expect(link({ approvalId: first })).rejects.toMatchObject({ reason: "NOTHING_TO_DECIDE" });
  });

  it("is for nobody of whom it is known that they may not decide, and never of another namespace", async () => {
    await startWith({ approvers: { users: ["noah"], groups: [] } });
    await expect(link({})).rejects.toMatchObject({ reason: "INVALID_REQUEST" });
    expect((await link({ person: "noah" })).person).toBe("noah");
    await expect(link({ person: "noah" }, "other")).rejects.toMatchObject({ reason: "RUN_NOT_FOUND" });
  });

  it("is not for whoever started the run, unless the tool lets them approve or nobody is known", async () => {
    await startWith({ approvers: { users: ["noah", "alex"], groups: [] } });
    const refused = { reason: "INVALID_REQUEST", fields: [{ field: "person" }] };
    await expect(link({ person: "alex" })).rejects.toMatchObject(refused);
    expect((await link({ person: "noah" })).person).toBe("noah");
    expect((await link({ person: "alex", idempotencyKey: "open" }, "default", "none")).person).toBe("alex");
  });

  it("is for whoever started the run where the tool lets them approve", async () => {
    await startWith({ selfApproval: true });
    expect((await link({ person: "alex" })).person).toBe("alex");
  });

  it("is for anybody where groups decide, whose members only their credentials know", async () => {
    await startWith({ approvers: { users: ["noah"], groups: ["finance"] } });
    expect((await link({})).person).toBe("maria");
  });
});
