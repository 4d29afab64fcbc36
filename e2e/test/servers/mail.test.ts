// Mail by a real server in another process: by TLS and with a login, in one conversation for each approval; what its server
// refuses, puts off, cuts off or is away for; and an orchestrator that dies when it was taken.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DeliveryState, type WebhookDelivery, WebhookService } from "@agentspan/proto";
import type { AgentRuntime } from "@agentspan/sdk";
import { makeTestCertificates } from "@agentspan/servers";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type HeardMail, headerOf, MailReceiver, Stack, textOf, until } from "../../src/index.js";
import { call, type DeskRun, ended, REFUND, startRun, theApproval } from "../desk-run.js";
import { dyingAt } from "../dying.js";

const [USER, PASSWORD] = ["agentspan@acme.test", "p@ss:w/rd?"];

let folder: string;
let receiver: MailReceiver;
let stack: Stack;
let runtime: AgentRuntime;
let webhookId: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "agentspan-mail-"));
  const { ca, right: certificate } = await makeTestCertificates(folder);
  receiver = await MailReceiver.start({ user: USER, password: PASSWORD, certificate });
  stack = await Stack.start({
    orchestrators: 1,
    signed: true,
    env: {
      AGENTSPAN_ALLOW_FAULTS: "yes",
      AGENTSPAN_SMTP_URL: `smtp://${encodeURIComponent(USER)}:${encodeURIComponent(PASSWORD)}@localhost:${receiver.port}`,
      AGENTSPAN_SMTP_FROM: USER,
      AGENTSPAN_PUBLIC_URL: "https://agents.acme.test",
      NODE_EXTRA_CA_CERTS: ca,
    },
  });
  runtime = stack.runtime();
  const url = "mailto:audit@acme.test,approvers";
  const { webhook, secret } = await runtime.client.call(WebhookService.method.createWebhook, {
    ...{ url, includeArguments: true },
  });
  expect(secret).toBe("");
  webhookId = webhook?.webhookId ?? "";
});
afterEach(async ({ task }) => {
  if (task.result?.state === "fail") process.stderr.write(`${stack.logs()}\n`);
  await receiver.set({});
});
afterAll(async () => {
  await stack?.stop();
  await receiver?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** One that ends without asking anybody: one mail. */
const plainRun = (name: string) => startRun(stack, name, [{ text: "ok" }]);

async function deliveriesOf({ runId }: DeskRun): Promise<readonly WebhookDelivery[]> {
  const { deliveries } = await runtime.client.call(WebhookService.method.listDeliveries, { webhookId });
  return deliveries.filter((one) => one.runId === runId);
}

/** The one of a plain run, once it is so. */
function theDelivery(run: DeskRun, is: (delivery: WebhookDelivery) => boolean): Promise<WebhookDelivery> {
  return until(
    `the mail about ${run.runId} is as it should be`,
    async () => {
      const [one] = await deliveriesOf(run);
      return one !== undefined && is(one) && one;
    },
    { withinMs: 100_000 },
  );
}

const isTaken = ({ state }: WebhookDelivery) => state === DeliveryState.DELIVERED;

async function mailsOf({ runId }: DeskRun): Promise<readonly HeardMail[]> {
  return (await receiver.heard()).filter((mail) => textOf(mail).includes(runId));
}

describe("mail", () => {
  it("goes by TLS and with a login to who is to get it, in one conversation, and is no reason for a reply", async () => {
    const run = await startRun(stack, "told", [
      call("refund", { ...REFUND, note: "<b>re\u202efund</b>" }),
      { text: "ok" },
    ]);
    const { approvalId } = await theApproval(run);
    await until("it was asked by mail", async () => (await mailsOf(run)).length === 1);
    await run.handle.approve();
    await ended(run);
    const mails = await until("all of it was told", async () => {
      const all = await mailsOf(run);
      return all.length === 3 && all;
    });
    for (const mail of mails) {
      expect(mail).toMatchObject({ to: ["audit@acme.test"], secure: true, user: USER, answered: 250 });
      expect(headerOf(mail, "From")).toContain(USER);
      expect(headerOf(mail, "Auto-Submitted")).toBe("auto-generated");
      expect(headerOf(mail, "List-Id")).toBe(`<${webhookId.replace("_", "-")}.acme.test>`);
      expect(headerOf(mail, "Bcc")).toBe("");
    }
    const [asked, decided] = mails;
    if (asked === undefined || decided === undefined) throw new Error("There are three.");
    const text = textOf(asked);
    expect(text).toContain(`https://agents.acme.test/approvals/${run.runId}/${approvalId}`);
    expect(text).toContain("<b>re‹U+202E›fund</b>");
    expect(text).toContain("&lt;b&gt;re‹U+202E›fund&lt;/b&gt;");
    const root = headerOf(asked, "Message-ID");
    expect(root).toMatch(/^<msg_\w+@acme\.test>$/);
    expect(headerOf(asked, "References")).toBe("");
    const others = mails.slice(1).map((mail) => [headerOf(mail, "Subject"), headerOf(mail, "In-Reply-To")]);
    expect(others.toSorted()).toEqual(
      [
        ["[Agentspan] Approved: refund of desk", root],
        ["[Agentspan] A run of desk ended: COMPLETED", ""],
      ].toSorted(),
    );
    expect((await deliveriesOf(run)).map(({ recipient }) => recipient)).toEqual(Array(3).fill("audit@acme.test"));
  });

  it("that its server refuses for good is dead, without its server's words, and goes once it is replayed", async () => {
    await receiver.set({ rcpt: 550 });
    const run = await plainRun("refused");
    const dead = await theDelivery(run, ({ state }) => state === DeliveryState.DEAD);
    expect(dead).toMatchObject({
      attempts: 1,
      lastStatus: 550,
      lastError: "the mail server answered 550 5.1.1 to RCPT TO",
    });
    await receiver.set({});
    await runtime.client.call(WebhookService.method.replayDelivery, { deliveryId: dead.deliveryId });
    await theDelivery(run, isTaken);
    expect(await mailsOf(run)).toHaveLength(1);
  });

  it.each([
    { why: "puts off", answers: { data: 451 }, status: 451, came: 2 },
    { why: "takes, and is cut off before it says so", answers: { data: "cut" }, status: 0, came: 2 },
    { why: "is away for", answers: { away: true }, status: 0, came: 1 },
    { why: "would take in the clear alone", answers: { tls: false }, status: 0, came: 1 },
  ] as const)("that its server $why goes again, as the same mail", async ({ why, answers, status, came }) => {
    await receiver.set(answers);
    const run = await plainRun(why);
    const failed = await theDelivery(run, ({ lastError }) => lastError !== "");
    expect(failed).toMatchObject({ state: DeliveryState.PENDING, lastStatus: status });
    await receiver.set({});
    await theDelivery(run, isTaken);
    const mails = await mailsOf(run);
    expect(mails).toHaveLength(came);
    expect(mails.every(({ secure, user }) => secure && user === USER)).toBe(true);
    expect(new Set(mails.map((mail) => headerOf(mail, "Message-ID")))).toEqual(
      new Set([`<${failed.deliveryId}@acme.test>`]),
    );
  });

  it("that was taken when its orchestrator died comes again as the same mail, and none is lost", async () => {
    const run = await dyingAt(stack, "orchestrator.after-post", async () => {
      const started = await plainRun("killed");
      await until("its mail was taken", async () => (await mailsOf(started)).length > 0);
      return started;
    });
    await theDelivery(run, isTaken);
    const mails = await mailsOf(run);
    expect(mails).toHaveLength(2);
    expect(new Set(mails.map((mail) => headerOf(mail, "Message-ID"))).size).toBe(1);
  });

  it("goes to none whose address is none, and its password is in no log", async () => {
    for (const url of [
      "mailto:maria",
      "mailto:a@acme.test?bcc=eve@evil.test",
      "mailto:a@acme.test%0aBcc:eve@evil.test",
    ]) {
      await expect(runtime.client.call(WebhookService.method.createWebhook, { url })).rejects.toMatchObject({
        reason: "INVALID_REQUEST",
      });
    }
    expect(stack.logs()).not.toContain(PASSWORD);
    expect(stack.logs()).not.toContain(encodeURIComponent(PASSWORD));
  });
});
