// What workers ask of an orchestrator about a tool's preview, and what they are told.
import {
  BlockedReason,
  ClaimRequestSchema,
  type ClaimResponse,
  CompleteRequestSchema,
  type CompleteResponse,
  CompletionStatus,
  type Grant,
  type PreviewAnswerSchema,
  RefusalReason,
} from "@agentspan/proto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, durationMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { beforeEach, describe, expect, it } from "vitest";
import { BlockedTools } from "../../src/requests/blocked-tools.js";
import { WorkerRegistry } from "../../src/worker-registry.js";
import { Office } from "../scenes/office.js";
import { ANY_OBJECT, approves, type Desk, RUN, replies, Scene, start } from "../scenes/scene.js";

const TRANSFER = { queue: "desk", name: "transfer", inputSchemaJson: ANY_OBJECT, approvalRequired: true } as const;
const PREVIEW = { fields: ["balance"], timeout: durationFromMs(5_000) };

describe("an orchestrator, of a call whose tool brings a preview", () => {
  let scene: Scene;
  let desk: Desk;
  let office: Office;
  let other: Office;

  beforeEach(async () => {
    scene = new Scene();
    desk = scene.desk();
    office = new Office(desk);
    other = new Office(scene.desk("orc_2"));
    await office.register("w1", { tools: [{ ...TRANSFER, preview: PREVIEW }] });
    const definition = {
      name: "desk",
      model: "script/any",
      tools: [{ name: "transfer", inputSchemaJson: ANY_OBJECT }],
    };
    await desk.execute(start(), { agent: await desk.agent(definition) });
    const owners = { transfer: await new WorkerRegistry(desk.store).keptDemand("default", "desk", "transfer") };
    const replied = replies(1, ["transfer"]);
    if (replied.type === "take_model_reply") await desk.execute({ ...replied, owners });
  });

  const call = async () => (await desk.stored()).run.turn.calls[0];

  function claim(at: Office, nonce: string, preview: boolean, workerId = "w1"): Promise<ClaimResponse> {
    const request = { workerId, incarnation: `${workerId}-1`, runId: RUN, callId: "t1c1", attempt: 1, nonce, preview };
    return at.service.claim(workerId, create(ClaimRequestSchema, request));
  }

  async function granted(at: Office): Promise<Grant> {
    const { answer } = await claim(at, "p1", true);
    if (answer.case !== "grant") throw new Error(`The preview was refused: ${JSON.stringify(answer)}`);
    return answer.value;
  }

  async function answers(
    at: Office,
    value: MessageInitShape<typeof PreviewAnswerSchema>,
    argumentsDigest?: string,
    workerId = "w1",
  ): Promise<CompleteResponse> {
    const digest = argumentsDigest ?? (await call())?.digest ?? "";
    const task = { runId: RUN, callId: "t1c1", attempt: 1, nonce: "p1", argumentsDigest: digest };
    const outcome = { case: "previewAnswer", value } as const;
    const request = { workerId, incarnation: `${workerId}-1`, ...task, outcome };
    return at.service.complete(workerId, create(CompleteRequestSchema, request));
  }

  async function looked(balance: number): Promise<void> {
    const { preview } = await granted(office);
    const contentJson = JSON.stringify({ balance });
    await answers(office, { number: preview?.number ?? 0, outcome: { case: "contentJson", value: contentJson } });
  }

  it("tells whoever claims it that only that is asked, and hands out no more than it takes", async () => {
    const { answer } = await claim(other, "n1", false);
    expect(answer).toMatchObject({ case: "refusal", value: { reason: RefusalReason.PREVIEW } });
    for (const at of [office, other]) {
      const grant = await granted(at);
      expect(grant).toMatchObject({ toolName: "transfer", idempotencyKey: "", preview: { number: 1 } });
      expect(grant.argumentsJson).toBe('{"index":0,"turn":1}');
      expect(grant.proof).toBeUndefined();
      expect(grant.deadline && timestampMs(grant.deadline)).toBe(scene.now + 5_000);
      expect(grant.preview?.timeLeft && durationMs(grant.preview.timeLeft)).toBe(5_000);
    }
    expect((await call())?.claims).toEqual([]);
  });

  it("takes the first answer to what it asked, and calls every other stale", async () => {
    await granted(office);
    const seen = { case: "contentJson", value: '{"balance":40}' } as const;
    expect(await answers(other, { number: 2, outcome: seen })).toMatchObject({ status: CompletionStatus.STALE });
    expect(await answers(other, { number: 1, outcome: seen }, "sha256:0")).toMatchObject({
      status: CompletionStatus.STALE,
    });
    expect(await answers(other, { number: 1, outcome: seen })).toMatchObject({ status: CompletionStatus.ACCEPTED });
    expect(await answers(office, { number: 1, outcome: seen })).toMatchObject({ status: CompletionStatus.STALE });
    expect((await claim(office, "n2", false)).answer.value).toMatchObject({ reason: RefusalReason.GATED });
  });

  it("neither shows it to a worker that has not registered the tool, nor believes what that one saw", async () => {
    await office.register("w9", { tools: [{ queue: "desk", name: "look_up" }] });
    for (const at of [office, other]) {
      const { error, answer } = await claim(at, "p9", true, "w9");
      expect(error).toMatchObject({ reason: "PERMISSION_DENIED", message: expect.stringContaining("Register it") });
      expect(error?.retryAfter).toBeUndefined();
      expect(answer.case).toBeUndefined();
    }
    expect((await desk.stored()).events.map(({ fact }) => fact.type)).not.toContain("preview_asked");
    await granted(office);
    const seen = { case: "contentJson", value: '{"balance":40}' } as const;
    for (const at of [office, other]) {
      const { error, status } = await answers(at, { number: 1, outcome: seen }, undefined, "w9");
      expect([error?.reason, status]).toEqual(["PERMISSION_DENIED", CompletionStatus.UNSPECIFIED]);
    }
    expect(await answers(office, { number: 1, outcome: seen })).toMatchObject({ status: CompletionStatus.ACCEPTED });
  });

  it("refuses an answer that says neither what was seen nor why not", async () => {
    await granted(office);
    expect((await answers(office, { number: 1 })).error?.reason).toBe("INVALID_REQUEST");
  });

  it("tells whoever looks to stop once nobody asks any more", async () => {
    await granted(office);
    expect((await office.heartbeat([{ nonce: "p1" }])).stop).toEqual([]);
    const { number = 0 } = (await granted(office)).preview ?? {};
    await answers(other, { number, outcome: { case: "failure", value: "no" } });
    expect((await office.heartbeat([{ nonce: "p1" }])).stop).toEqual(["p1"]);
  });

  it("grants the call on a check that found the same, and says so in the grant", async () => {
    await looked(40);
    await desk.execute(approves(await desk.stored(), "t1c1", "d1"));
    expect((await claim(other, "n1", false)).answer.value).toMatchObject({ reason: RefusalReason.PREVIEW });
    expect(await new BlockedTools(desk.store, 10_000).of((await desk.stored()).run)).toEqual([]);
    await looked(40);
    const { answer } = await claim(other, "n1", false);
    expect(answer.case === "grant" && answer.value.proof?.checkedPreview).toMatch(/^sha256:/);
  });

  it("says that its tool is what a call waits for where nobody is there to check it", async () => {
    await looked(40);
    await desk.execute(approves(await desk.stored(), "t1c1", "d1"));
    scene.now += 60_000;
    expect(await new BlockedTools(desk.store, 10_000).of((await desk.stored()).run)).toMatchObject([
      { toolName: "transfer", why: BlockedReason.NO_WORKER },
    ]);
  });

  it("announces a check at once, also where the approval was decided with other commands", async () => {
    await looked(40);
    const stored = await desk.stored();
    desk.committed.splice(0);
    await Promise.all([desk.execute({ type: "tick" }), desk.execute(approves(stored, "t1c1", "d1"))]);
    const effects = desk.committed.flatMap((committed) => committed.effects);
    expect(effects).toMatchObject([{ kind: "announce", callId: "t1c1", attempt: 1 }]);
  });

  it("hears of a preview from every worker that serves the tool, and names what any of them names", async () => {
    const demanded = async () =>
      (await new WorkerRegistry(desk.store).keptDemand("default", "desk", "transfer")).preview;
    expect(await demanded()).toEqual({ fields: ["balance"], timeoutMs: 5_000 });
    await office.register("w2", { tools: [TRANSFER] });
    expect(await demanded()).toEqual({ fields: ["balance"], timeoutMs: 5_000 });
    await office.register("w3", { tools: [{ ...TRANSFER, preview: { fields: ["rate"] } }] });
    expect(await demanded()).toEqual({ fields: ["balance", "rate"], timeoutMs: 10_000 });
    await office.register("w4", { tools: [{ ...TRANSFER, preview: {} }] });
    expect(await demanded()).toEqual({ fields: [], timeoutMs: 10_000 });
  });

  it("refuses a registration whose preview names no paths", async () => {
    const { error } = await office.register("w5", { tools: [{ ...TRANSFER, preview: { fields: ["a..b"] } }] });
    expect(error?.reason).toBe("INVALID_REQUEST");
  });
});
