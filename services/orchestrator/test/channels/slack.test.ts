// What a message of Slack has, which buttons, and what is done about an answer of Slack's.
import type { SlackAnswer } from "@agentspan/internal";
import { eventually } from "@agentspan/servers/eventually";
import { describe, expect, it } from "vitest";
import { slackChannelOf } from "../../src/channels/addresses.js";
import type { Notice } from "../../src/channels/notice.js";
import { OpenApprovals } from "../../src/channels/open-approvals.js";
import { composeSlackMessage } from "../../src/channels/slack/blocks.js";
import { SlackChannel } from "../../src/channels/slack/slack-channel.js";
import { failureOf } from "../../src/channels/slack/slack-failures.js";
import type { Delivery, Webhook } from "../../src/ports.js";
import { approves } from "../scenes/scene.js";
import { notifierAt, WebhookScene } from "../webhooks/webhook-desk.js";

function composed(data: Partial<Notice["data"]>, more: Partial<Notice> = {}, { buttons = true, bare = false } = {}) {
  const base = { namespace: "default", runId: "run_1", agentName: "desk", sequence: 4, kind: "APPROVAL" } as const;
  const about = {
    approvalId: "apr_1",
    toolName: "refund",
    argumentsDigest: "sha256:00",
    ...(bare ? {} : { argumentsJson: "{}" }),
  };
  const notice: Notice = {
    ...{ type: "approval.waiting", timestamp: "2026-01-01T00:00:00.000Z", event: "WAITING", deliveryId: "msg_1" },
    ...more,
    data: { ...base, ...about, ...data },
  };
  const message = composeSlackMessage(notice, { desk: "https://agents.acme.test/approvals/run_1/apr_1", buttons });
  return {
    message,
    json: JSON.stringify(message),
    actions: [...JSON.stringify(message).matchAll(/"action_id":"agentspan_(\w+)"/g)].map(([, name]) => name),
  };
}

describe("a message in Slack", () => {
  it("has what somebody wrote as plain text, and hides none of it", () => {
    const evil = "<!channel> <https://evil.test|here> *bold* `code` ```\u202e";
    const { message, json } = composed({ agentName: evil, reason: evil, argumentsJson: JSON.stringify({ evil }) });
    expect(json).not.toContain('"mrkdwn"');
    expect(json).not.toContain("\u202e");
    expect(json).toContain("‹U+202E›");
    // The one text that Slack reads its markup in.
    expect(message.text).not.toMatch(/[<>]/);
  });

  it("is approved by it where all stands above the button, and by nothing that stands elsewhere", () => {
    expect(composed({}).actions).toEqual(["approve", "reject", "open"]);
    expect(composed({ argumentsJson: JSON.stringify("x".repeat(9_000)) }).actions).toEqual(["reject", "open"]);
    expect(composed({}, { previews: true }).actions).toEqual(["reject", "open"]);
    expect(composed({}, {}, { bare: true }).actions).toEqual(["reject", "open"]);
    expect(composed({ kind: "QUESTION" }).actions).toEqual(["open"]);
    expect(composed({ kind: "SETTLEMENT" }).actions).toEqual(["open"]);
    expect(composed({}, {}, { buttons: false }).actions).toEqual(["open"]);
  });

  it("is within what Slack takes, whatever is long", () => {
    const long = "\u202e😀".repeat(60_000);
    const { message } = composed({
      ...{ agentName: long, toolName: long, reason: long, argumentsJson: JSON.stringify({ long }) },
      ...{ approvers: { users: [long, long], groups: [long] }, why: long, comment: long, decidedBy: long },
    });
    expect(message.blocks.length).toBeLessThanOrEqual(50);
    expect(JSON.stringify(message.blocks).length).toBeLessThan(13_000);
    for (const block of message.blocks as readonly { type: string; text?: { text: string } }[]) {
      expect(block.text?.text.length ?? 1).toBeLessThanOrEqual(block.type === "header" ? 150 : 3_000);
      expect(block.text?.text).not.toBe("");
    }
  });
});

/** A notifier that posts to a workspace which answers as a test wants, and a refund that waits. */
async function posting(webhook: Partial<Webhook> = {}) {
  const scene = new WebhookScene();
  const desk = scene.desk();
  const calls: { method: string; args: Readonly<Record<string, unknown>> }[] = [];
  const answers = new Map<string, SlackAnswer>();
  const api = {
    call: async (method: string, args: Readonly<Record<string, unknown>>): Promise<SlackAnswer> => {
      calls.push({ method, args });
      const answered = answers.get(method);
      return answered ?? { ok: true, body: { ok: true, ts: `${calls.length}.0`, messages: [] } };
    },
    close: () => undefined,
  };
  const stored = scene.webhook({ url: "slack:C0123", includeArguments: true, ...webhook });
  const approvals = new OpenApprovals(desk.store);
  const channel = new SlackChannel({ api, store: desk.store, clock: scene.clock, approvals, buttons: true });
  const notifier = notifierAt(desk, scene, { channel });
  await notifier.changed();
  const waiting = await desk.startWith(["refund"], "run_a");
  const reject = () =>
    desk.execute(approves(waiting, "t1c1", "d1", { verdict: { kind: "reject" } }), { runId: "run_a" });
  const made = () => calls.map(({ method, args }) => `${method}${args.ts === undefined ? "" : ` ${String(args.ts)}`}`);
  /** Also what waits for another. */
  const done = () =>
    eventually(() => {
      scene.now += 500;
      notifier.due();
      expect(scene.deliveries.filter(({ state }) => state !== "DELIVERED")).toEqual([]);
    });
  return { scene, notifier, calls, answers, made, done, reject, channel, stored };
}

describe("what is posted to Slack", () => {
  it("is changed once it is over, though nobody asked to be told of that, and told to nobody else", async () => {
    const { notifier, made, done, reject } = await posting({ events: ["WAITING"] });
    await notifier.look();
    await done();
    await reject();
    await notifier.look();
    await done();
    expect(made()).toEqual(["chat.postMessage", "chat.update 1.0"]);
  });

  it("is not posted once it is over, and what became of it is told to whoever asked for that", async () => {
    for (const [events, calls] of [
      [[], ["chat.postMessage"]],
      [["WAITING"], []],
    ] as const) {
      const { notifier, made, done, reject } = await posting({ events });
      await reject();
      await notifier.look();
      await done();
      expect(made()).toEqual(calls);
    }
  });

  it("waits for the message that it changes, which is no attempt, and is posted anew where people took that away", async () => {
    const { scene, notifier, answers, made, done, reject } = await posting();
    answers.set("chat.postMessage", { ok: false, error: "internal_error", status: 500 });
    await notifier.look();
    await eventually(() => expect(scene.deliveries[0]?.lastStatus).toBe(500));
    await reject();
    await notifier.look();
    const decided = () => scene.deliveries.find(({ event }) => event === "DECIDED");
    await eventually(() => expect(decided()).toMatchObject({ state: "PENDING", attempts: 1, attemptsBefore: 1 }));
    expect(decided()?.lastError).toBeUndefined();
    answers.clear();
    scene.now += 3_600_000;
    // Nobody is asked any more, and then it is told what became of it.
    notifier.due();
    await eventually(() => expect(scene.deliveries[0]?.state).toBe("DELIVERED"));
    scene.now += 3_600_000;
    notifier.due();
    await done();
    expect(made()).toEqual(["chat.postMessage", "chat.postMessage"]);

    const other = await posting();
    await other.notifier.look();
    await other.done();
    other.answers.set("chat.update", { ok: false, error: "message_not_found", status: 200 });
    await other.reject();
    await other.notifier.look();
    await other.done();
    expect(other.made()).toEqual(["chat.postMessage", "chat.update 1.0", "chat.postMessage"]);
  });

  it("is followed by reminders below it, which have no buttons that would stay", async () => {
    const { scene, notifier, calls, done, channel, stored } = await posting();
    await notifier.look();
    await done();
    const [asked] = scene.deliveries;
    if (asked === undefined) throw new Error("It was asked.");
    const body = asked.body.replace("approval.waiting", "approval.reminded");
    const reminder: Delivery = { ...asked, deliveryId: "msg_r", event: "REMINDED", body, attempts: 0 };
    expect(await channel.send(stored, reminder)).toMatchObject({ kind: "taken" });
    expect(calls.map(({ args }) => args.thread_ts)).toEqual([undefined, "1.0"]);
    const buttons = calls.map(({ args }) => JSON.stringify(args.blocks).includes("agentspan_approve"));
    expect(buttons).toEqual([true, false]);
  });

  it("is looked for where nobody heard whether it was posted, and changed in place where it is replayed", async () => {
    const { scene, notifier, answers, made, done, calls } = await posting();
    answers.set("chat.postMessage", { ok: false, error: "" });
    await notifier.look();
    await eventually(() => expect(scene.deliveries[0]?.lastError).toMatch(/could not be reached/));
    const [one] = scene.deliveries;
    const metadata = { event_type: "agentspan_delivery", event_payload: { delivery_id: one?.deliveryId } };
    const found = { ts: "7.0", metadata };
    answers.set("conversations.history", { ok: true, body: { ok: true, messages: [{ ts: "8.0" }, found] } });
    scene.now += 10_000;
    notifier.due();
    await done();
    expect(made()).toEqual(["chat.postMessage", "conversations.history", "chat.update 7.0"]);
    expect(scene.deliveries[0]?.receipt).toBe("7.0");
    expect(calls[1]?.args).toMatchObject({ channel: "C0123", include_all_metadata: true });
    scene.database.webhooks.deliveries.set(one?.deliveryId ?? "", {
      ...(scene.deliveries[0] as Delivery),
      ...{ state: "PENDING", dueAt: scene.now },
    });
    notifier.due();
    await done();
    expect(made().slice(3)).toEqual(["chat.update 7.0"]);
  });
});

it("an answer of Slack's is about the message for good, or for now", () => {
  const failed = (error: string, status?: number) =>
    failureOf({ ok: false, error, ...(status === undefined ? {} : { status }) });
  expect(failed("is_archived", 200)).toMatchObject({ why: "Slack answered is_archived", final: "delivery" });
  expect(failed("invalid_blocks", 200)).toHaveProperty("final");
  for (const error of ["ratelimited", "internal_error", "invalid_auth", "not_in_channel", ""]) {
    expect(failed(error, 200)).not.toHaveProperty("final");
  }
  expect(failed("is_archived", 503)).not.toHaveProperty("final");
  expect(failed("")).toEqual({ kind: "failed", why: "Slack could not be reached, or did not answer in time" });
  expect(failureOf({ ok: false, error: "ratelimited", status: 429, retryAfterMs: 7_000 })).toMatchObject({
    retryAfterMs: 7_000,
  });
});

it.each([
  ["slack:C0123ABCD", "C0123ABCD"],
  ["slack:G0123ABCD", "G0123ABCD"],
  ["slack:refunds", undefined],
  ["slack:#refunds", undefined],
  ["slack://C0123ABCD", undefined],
  ["slack:C0123ABCD?x", undefined],
])("%s is the channel %s", (url, channel) => expect(slackChannelOf(url)).toBe(channel));
