// Which refused requests come into the audit, by the service that refuses them.
import { createLogger } from "@agentspan/internal";
import {
  ApproveRequestSchema,
  type Caller,
  CreateGrantRequestSchema,
  CreateWebhookRequestSchema,
  DeleteWebhookRequestSchema,
  EnvelopeSchema,
  GetStatusRequestSchema,
  ListKeysRequestSchema,
  PutKeyRequestSchema,
  RejectRequestSchema,
  RevokeGrantRequestSchema,
  RevokeKeyRequestSchema,
  RotateWebhookSecretRequestSchema,
  SettleOutcome,
  SettleRequestSchema,
} from "@agentspan/proto";
import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { MOST_REFUSALS } from "../../src/audit/refusals.js";
import { openCheckpoints } from "../../src/core/index.js";
import { History } from "../../src/history.js";
import { RequestService } from "../../src/request-service.js";
import type { RequestContext } from "../../src/requests/index.js";
import { RUN, Scene } from "../scenes/scene.js";
import { entryOf, recordsIn, refusalsAt, reportOn } from "./audit-desk.js";

const CALLER = {
  subject: "maria",
  roles: ["approver"],
  groups: [],
  method: "api_key",
  credentialId: "k1",
  address: "::1",
};

/** A service at a run that waits for somebody to approve a refund, and what the audit has of refusals. */
async function service() {
  const scene = new Scene();
  const desk = scene.desk();
  const { run } = await desk.startWith(["refund"]);
  const [open] = openCheckpoints(run);
  const { store, engine, agents } = desk;
  const { clock } = scene;
  const context = { store, engine, agents, clock, history: new History(store), refusals: refusalsAt(desk) };
  const requests = new RequestService({
    orchestratorId: "orc_1",
    context: context as unknown as RequestContext,
    log: createLogger("test", "silent"),
    authentication: true,
  });
  const ask = async <I extends DescMessage>(
    method: string,
    schema: I,
    request: MessageInitShape<I>,
    { namespace = "default", ...who }: Partial<Caller> & { namespace?: string } = {},
  ): Promise<string> => {
    const body = toBinary(schema, create(schema, request));
    const caller = { ...CALLER, ...who };
    const { outcome } = await requests.handle(create(EnvelopeSchema, { method, namespace, caller, body }));
    return outcome.case === "failure" ? outcome.value.reason : (outcome.case ?? "");
  };
  const named = { runId: RUN, approvalId: open?.approvalId ?? "" };
  return { scene, desk, ask, named, refused: () => recordsIn(scene.database).map((record) => entryOf(record).entry) };
}

const APPROVE = ["RunService/Approve", ApproveRequestSchema] as const;
const REJECT = ["RunService/Reject", RejectRequestSchema] as const;

describe("a refused decision", () => {
  it("is in the audit with its reason, and the one that was carried out is not among them", async () => {
    const { ask, named, refused } = await service();
    const wrong = { ...named, decisionId: "d0", argumentsDigest: `sha256:${"0".repeat(64)}` };
    expect(await ask(...APPROVE, wrong)).toBe("ARGUMENTS_CHANGED");
    expect(await ask(...APPROVE, { ...named, decisionId: "d0" }, { subject: "alex" })).toBe("SELF_APPROVAL");
    expect(await ask(...APPROVE, { ...named, decisionId: "d0" }, { roles: ["runner"] })).toBe("PERMISSION_DENIED");
    expect(await ask(...APPROVE, { ...named, decisionId: "d1" })).toBe("body");
    expect(await ask(...REJECT, { ...named, decisionId: "d2" }, { subject: "sam" })).toBe("ALREADY_DECIDED");
    expect(refused().map(({ reason, who, asked, tool }) => [reason, who, asked, tool])).toEqual([
      ["ARGUMENTS_CHANGED", "maria", "approve", "refund"],
      ["SELF_APPROVAL", "alex", "approve", "refund"],
      ["PERMISSION_DENIED", "maria", "approve", "refund"],
      ["ALREADY_DECIDED", "sam", "reject", "refund"],
    ]);
    expect(refused()[0]).toMatchObject({ digest: wrong.argumentsDigest, method: "api_key", credentialId: "k1" });
    expect(refused()[3]).toMatchObject({ winner: "maria", decision: "d2" });
  });

  it("that comes after the end is there too", async () => {
    const { desk, ask, refused } = await service();
    await desk.execute({ type: "cancel", reason: "no more", who: "alex" });
    const settle = { runId: RUN, decisionId: "d1", outcome: SettleOutcome.RUN_AGAIN };
    expect(await ask("RunService/Settle", SettleRequestSchema, settle)).toBe("RUN_ENDED");
    expect(refused()).toMatchObject([{ reason: "RUN_ENDED", asked: "settle" }]);
  });

  it("leaves nothing in another namespace's audit, nor do requests that decide nothing or say nothing", async () => {
    const { ask, named, refused } = await service();
    const elsewhere = { namespace: "acme" };
    expect(await ask(...APPROVE, { ...named, decisionId: "d1" }, elsewhere)).toBe("RUN_NOT_FOUND");
    expect(await ask(...APPROVE, { ...named, decisionId: "d1" }, { ...elsewhere, roles: [] })).toBe(
      "PERMISSION_DENIED",
    );
    expect(await ask(...APPROVE, { runId: "run_none", decisionId: "d1" }, { roles: [] })).toBe("PERMISSION_DENIED");
    const read = ["RunService/GetStatus", GetStatusRequestSchema, { runId: RUN }] as const;
    expect(await ask(...read, { roles: [] })).toBe("PERMISSION_DENIED");
    expect(await ask(...APPROVE, { ...named, decisionId: "d1" }, { method: "none" })).toBe("UNAUTHENTICATED");
    expect(refused()).toEqual([]);
  });
});

describe("a refused grant or key", () => {
  const runner = { subject: "alex", roles: ["runner"] };
  const key = {
    keyId: "k9",
    secretSha256: new Uint8Array(32),
    request: { owner: "eve", roles: ["admin", "approver"] },
  };

  it("is in the audit of its namespace with what was asked for, and no secret", async () => {
    const { scene, ask, refused } = await service();
    const grant = { agentName: "desk", toolName: "refund", rule: "true", maxUses: 5, onBehalfOf: "maria" };
    const webhook = { agentName: "desk", toolName: "refund", url: "https://evil.test/?secret" };
    const asked = [
      await ask("GrantService/CreateGrant", CreateGrantRequestSchema, grant, runner),
      await ask("GrantService/CreateGrant", CreateGrantRequestSchema, grant, { roles: ["approver"] }),
      await ask("GrantService/RevokeGrant", RevokeGrantRequestSchema, { grantId: "gra_1" }, runner),
      await ask("KeyService/CreateKey", PutKeyRequestSchema, key, { ...runner, namespace: "acme" }),
      await ask("KeyService/RevokeKey", RevokeKeyRequestSchema, { keyId: "k1" }, { roles: ["approver"] }),
      await ask("WebhookService/CreateWebhook", CreateWebhookRequestSchema, webhook, runner),
      await ask("WebhookService/DeleteWebhook", DeleteWebhookRequestSchema, { webhookId: "whk_1" }, runner),
      await ask("WebhookService/RotateWebhookSecret", RotateWebhookSecretRequestSchema, { webhookId: "whk_1" }, runner),
    ];
    expect(new Set(asked)).toEqual(new Set(["PERMISSION_DENIED"]));
    const of = (run: string) => refused().filter((entry) => entry.run === run);
    const by = { kind: "refused", reason: "PERMISSION_DENIED", who: "alex", method: "api_key", credentialId: "k1" };
    const made = { asked: "create_grant", agent: "desk", tool: "refund", onBehalfOf: "maria" };
    expect(of("grants_default")).toMatchObject([
      { ...by, ...made },
      // An approver who is no delegate speaks for nobody else.
      { ...by, ...made, who: "maria", message: expect.stringContaining("Only a delegate") },
      { ...by, asked: "revoke_grant", grant: "gra_1" },
    ]);
    expect(of("keys_acme")).toMatchObject([{ ...by, asked: "create_key", owner: "eve", roles: "admin approver" }]);
    expect(of("keys_default")).toMatchObject([{ ...by, who: "maria", asked: "revoke_key", key: "k1" }]);
    expect(of("webhooks_default")).toMatchObject([
      { ...by, asked: "create_webhook", agent: "desk", tool: "refund" },
      { ...by, asked: "delete_webhook", webhook: "whk_1" },
      { ...by, asked: "rotate_webhook", webhook: "whk_1" },
    ]);
    expect(JSON.stringify(refused())).not.toContain("secret");
    expect((await reportOn(scene.database)).faults).toEqual([]);
  });

  it("is counted where there are too many, all of a namespace together", async () => {
    const { ask, refused } = await service();
    for (let i = 0; i < MOST_REFUSALS + 20; i += 1) {
      const request = { ...key, request: { ...key.request, owner: `eve${i}` } };
      await ask("KeyService/CreateKey", PutKeyRequestSchema, request, runner);
    }
    expect(refused()).toHaveLength(MOST_REFUSALS);
  });

  it("is none of who only asked what there is, or was let", async () => {
    const { ask, refused } = await service();
    expect(await ask("KeyService/ListKeys", ListKeysRequestSchema, {}, runner)).toBe("PERMISSION_DENIED");
    expect(await ask("KeyService/CreateKey", PutKeyRequestSchema, { keyId: "" }, { roles: ["admin"] })).toBe(
      "INVALID_REQUEST",
    );
    expect(refused()).toEqual([]);
  });
});
