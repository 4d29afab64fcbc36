// An orchestrator that dies around what webhooks are told, and a receiver that is down: each message arrives at least once,
// none is lost, none is made up, and none comes before its commit.
import type { FaultPoint } from "@agentspan/internal";
import { DeliveryState, WebhookService } from "@agentspan/proto";
import type { AgentRuntime } from "@agentspan/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type HeardMessage, until, WebhookReceiver } from "../../src/index.js";
import { call, ended, REFUND, startRun, theApproval } from "../desk-run.js";
import { dyingAt } from "../dying.js";
import { withStack } from "../stack-fixture.js";

const stack = withStack({
  orchestrators: 1,
  signed: true,
  env: { AGENTSPAN_ALLOW_FAULTS: "yes", AGENTSPAN_WEBHOOK_ALLOW: "127.0.0.1" },
});

let receiver: WebhookReceiver;
let runtime: AgentRuntime;
let webhookId: string;
beforeAll(async () => {
  runtime = stack.current.runtime();
  receiver = await WebhookReceiver.start(stack.current.gateway().url);
  const { webhook, secret } = await runtime.client.call(WebhookService.method.createWebhook, { url: receiver.url });
  webhookId = webhook?.webhookId ?? "";
  await receiver.set({ secret });
});
afterAll(() => receiver?.stop());

const dying = <T>(point: FaultPoint, act: () => Promise<T>) => dyingAt(stack.current, point, act);

const TOLD = ["approval.waiting", "approval.decided", "run.ended"];
const refunding = (name: string) => startRun(stack.current, name, [call("refund", REFUND), { text: "ok" }]);

/** What was heard of a run, once all of it was taken. */
function toldOf(runId: string): Promise<readonly HeardMessage[]> {
  return until(
    `all of ${runId} was told`,
    async () => {
      const heard = (await receiver.heard()).filter((message) => message.runId === runId);
      const taken = new Set(heard.filter(({ answered }) => answered === 204).map(({ type }) => type));
      return TOLD.every((type) => taken.has(type)) && heard;
    },
    { withinMs: 100_000 },
  );
}

function expectTrue(heard: readonly HeardMessage[]): void {
  expect(heard.filter(({ verified, committed }) => !verified || !committed)).toEqual([]);
  // One id and one text for each event, however often it came.
  const bySequence = new Map(heard.map(({ sequence, id, body, type }) => [sequence, `${type} ${id} ${body}`]));
  for (const { sequence, type, id, body } of heard) expect(`${type} ${id} ${body}`).toBe(bySequence.get(sequence));
  expect([...bySequence.keys()]).toHaveLength(TOLD.length);
}

describe("a webhook", () => {
  it("is told of what happens while it happens", async () => {
    const run = await refunding("told");
    const begun = await theApproval(run);
    expect(begun.toolName).toBe("refund");
    await run.handle.approve();
    await ended(run);
    const heard = await toldOf(run.runId);
    expectTrue(heard);
    expect(heard).toHaveLength(TOLD.length);
  });

  it.each([
    "orchestrator.after-commit",
    "orchestrator.before-deliveries",
    "orchestrator.after-deliveries",
    "orchestrator.before-post",
    "orchestrator.after-post",
  ] as const)("is told everything by an orchestrator after the one that was killed at %s", async (point) => {
    const run = await dying(point, () => refunding(point));
    await theApproval(run);
    await run.handle.approve();
    await ended(run);
    expectTrue(await toldOf(run.runId));
  });

  it("whose receiver was down gets every message when it is back, and none twice that it took", async () => {
    await receiver.set({ status: 503 });
    const runs = await Promise.all(["a", "b", "c"].map((name) => refunding(`down ${name}`)));
    for (const run of runs) {
      await theApproval(run);
      await run.handle.approve();
      await ended(run);
    }
    const ids = runs.map(({ runId }) => runId);
    const pending = async () => {
      const asked = { webhookId, states: [DeliveryState.PENDING] };
      const { deliveries } = await runtime.client.call(WebhookService.method.listDeliveries, asked);
      return deliveries.filter(({ runId }) => ids.includes(runId));
    };
    await until("each was tried in vain", async () => {
      const tried = (await pending()).filter(({ lastStatus }) => lastStatus === 503);
      return tried.length === runs.length * TOLD.length;
    });
    await receiver.set({ status: 204 });
    for (const { runId } of runs) {
      const heard = await toldOf(runId);
      expectTrue(heard);
      expect(heard.filter(({ answered }) => answered === 204)).toHaveLength(TOLD.length);
    }
    // The receiver knew before what it said of the last one was stored.
    await until("none is pending", async () => (await pending()).length === 0);
  });
});

describe("a webhook that is made", () => {
  it.each(["orchestrator.before-webhook", "orchestrator.after-webhook"] as const)(
    "by an orchestrator that is killed at %s is there once, with the secret that was told",
    async (point) => {
      const { webhook, secret } = await dying(point, () =>
        runtime.client.call(WebhookService.method.createWebhook, {
          ...{ url: receiver.url, description: point, agentName: "nobody", idempotencyKey: point },
        }),
      );
      expect(secret).toMatch(/^whsec_/);
      const { webhooks } = await runtime.client.call(WebhookService.method.listWebhooks, {});
      const made = webhooks.filter(({ description }) => description === point);
      expect(made.map((one) => one.webhookId)).toEqual([webhook?.webhookId]);
    },
  );
});
