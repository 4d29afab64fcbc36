// Who gets mail of what happens, and what it says.
import type { AgentDefinitionSchema } from "@agentspan/proto";
import { eventually } from "@agentspan/servers/eventually";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { readMailto } from "../../src/channels/addresses.js";
import { composeMail } from "../../src/channels/email/compose.js";
import { EmailChannel } from "../../src/channels/email/email-channel.js";
import type { Mail, Mailer } from "../../src/channels/email/smtp-mailer.js";
import { type Notice, readNotice } from "../../src/channels/notice.js";
import { OpenApprovals } from "../../src/channels/open-approvals.js";
import { DecisionLinks } from "../../src/decision-links.js";
import type { Delivery, SendEnd, Webhook } from "../../src/ports.js";
import { approves, DESK, type Desk, replies, start } from "../scenes/scene.js";
import { notifierAt, SIGNING, WebhookScene } from "../webhooks/webhook-desk.js";

class KeptMails implements Mailer {
  readonly mails: Mail[] = [];
  answer: SendEnd = { kind: "taken", status: 250 };

  async send(mail: Mail): Promise<SendEnd> {
    this.mails.push(mail);
    return this.answer;
  }

  async close(): Promise<void> {}
}

const PUBLIC = "https://agents.acme.test/";
const approvers = { users: ["maria@acme.test", "noah"], groups: ["finance"] };
const ASKING: MessageInitShape<typeof AgentDefinitionSchema> = {
  ...{ name: "desk", model: "script/any" },
  tools: [{ name: "refund", inputSchemaJson: '{"type":"object"}', approval: { required: true, approvers } }],
};

/** A notifier whose mail is kept, and a refund that waits, asked for by somebody else than who decides. */
async function mailed(webhook: Partial<Webhook> = {}, definition = ASKING) {
  const scene = new WebhookScene();
  const desk = scene.desk();
  const { store } = desk;
  scene.webhook({ url: "mailto:audit@acme.test,approvers", includeArguments: true, ...webhook });
  const mailer = new KeptMails();
  const links = new DecisionLinks({ store, clock: scene.clock, signing: SIGNING, publicUrl: PUBLIC });
  const approvals = new OpenApprovals(store);
  const channel = new EmailChannel({ mailer, clock: scene.clock, approvals, links, publicUrl: PUBLIC });
  const notifier = notifierAt(desk, scene, { channel });
  await notifier.changed();
  await asking(desk, definition);
  return { scene, desk, mailer, notifier };
}

async function asking(desk: Desk, definition: MessageInitShape<typeof AgentDefinitionSchema>): Promise<void> {
  await desk.execute(start("run_a"), { agent: await desk.agent(definition), runId: "run_a" });
  await desk.execute(replies(1, ["refund"]), { runId: "run_a" });
}

describe("mail", () => {
  it("goes to each address by itself, and to approvers whose name is one, with a link for whom it is", async () => {
    const { scene, desk, mailer, notifier } = await mailed();
    expect(await notifier.look()).toBe(2);
    await eventually(() => expect(scene.deliveries.map(({ state }) => state)).toEqual(["DELIVERED", "DELIVERED"]));
    const asked = Object.fromEntries(mailer.mails.map((mail) => [mail.to, mail]));
    expect(Object.keys(asked).sort()).toEqual(["audit@acme.test", "maria@acme.test"]);
    expect(new Set(mailer.mails.map(({ id }) => id)).size).toBe(2);
    const page = /https:\/\/agents\.acme\.test\/approvals\/run_a\/apr_\w+/;
    for (const { text, html, about } of mailer.mails) {
      expect(text).toMatch(page);
      expect(html).toMatch(page);
      expect(text).toContain('"index": 0');
      expect(about).toBeUndefined();
    }
    expect(asked["maria@acme.test"]?.text).toMatch(/https:\/\/agents\.acme\.test\/decide\/\S+/);
    expect(asked["audit@acme.test"]?.text).not.toContain("/decide/");

    const decided = approves(await desk.stored("run_a"), "t1c1", "d1", { who: "noah", verdict: { kind: "reject" } });
    await desk.execute(decided, { runId: "run_a" });
    await notifier.look();
    await eventually(() => expect(mailer.mails).toHaveLength(4));
    for (const mail of mailer.mails.slice(2)) {
      expect(mail.subject).toBe("[Agentspan] Rejected: refund of desk");
      expect(mail.text).toContain("Decided by: noah");
      expect(mail.text).not.toContain("/decide/");
      // One conversation in each mailbox.
      expect(mail.about).toBe(asked[mail.to]?.id);
    }
  });

  it("has the same id and the same link each time, and is sent to nobody once there is nothing to decide", async () => {
    const { scene, desk, mailer, notifier } = await mailed({ url: "mailto:approvers" });
    mailer.answer = { kind: "failed", status: 451, why: "the mail server answered 451" };
    await notifier.look();
    // What came of it is stored: until then it is due when another may take it.
    const tried = (attempts: number) =>
      eventually(() => {
        expect(scene.deliveries).toEqual([expect.objectContaining({ state: "PENDING", attempts, lastStatus: 451 })]);
        const [{ dueAt, lastAttemptAt = 0 } = { lastAttemptAt: 0 }] = scene.deliveries;
        expect(dueAt).not.toBe(lastAttemptAt + 30_000);
      });
    await tried(1);
    scene.now += 10_000;
    notifier.due();
    await tried(2);
    // It is tried as soon as it is claimed.
    await eventually(() => expect(mailer.mails).toHaveLength(2));
    expect(mailer.mails[1]).toEqual(mailer.mails[0]);
    await desk.execute(approves(await desk.stored("run_a"), "t1c1", "d1", { who: "noah" }), { runId: "run_a" });
    scene.now += 3_600_000;
    notifier.due();
    await eventually(() => expect(scene.deliveries).toEqual([expect.objectContaining({ state: "DELIVERED" })]));
    expect(mailer.mails).toHaveLength(2);
  });

  it("that nobody takes is dead at once, and replayed", async () => {
    const { scene, desk, mailer, notifier } = await mailed({ url: "mailto:approvers" });
    mailer.answer = { kind: "failed", status: 550, why: "the mail server answered 550 5.1.1", final: "delivery" };
    await notifier.look();
    await eventually(() =>
      expect(scene.deliveries).toEqual([
        expect.objectContaining({ state: "DEAD", lastStatus: 550, lastError: "the mail server answered 550 5.1.1" }),
      ]),
    );
    mailer.answer = { kind: "taken", status: 250 };
    await desk.store.replayDead(scene.deliveries[0]?.webhookId ?? "", scene.now);
    notifier.due();
    await eventually(() => expect(scene.deliveries[0]?.state).toBe("DELIVERED"));
  });

  it("has no arguments unless they are asked for, and says so", async () => {
    const { mailer, notifier } = await mailed({ includeArguments: false });
    await notifier.look();
    await eventually(() => expect(mailer.mails).toHaveLength(2));
    for (const { text, html } of mailer.mails) {
      expect(`${text}${html}`).not.toContain("index");
      expect(text).toMatch(/sha256:[0-9a-f]{64}\nThat is their digest/);
    }
  });

  it("that asks, and of which nobody gets any since the policy names no address, is listed with why it failed", async () => {
    const { scene, desk, mailer, notifier } = await mailed({ url: "mailto:approvers" }, DESK);
    expect(await notifier.look()).toBe(1);
    const lastError = "the tool's policy names no user whose name is an address of mail, so that nobody gets it";
    await eventually(() =>
      expect(scene.deliveries).toEqual([expect.objectContaining({ event: "WAITING", state: "DEAD", lastError })]),
    );
    await desk.execute(approves(await desk.stored("run_a"), "t1c1", "d1"), { runId: "run_a" });
    expect(await notifier.look()).toBe(0);
    expect(mailer.mails).toEqual([]);
  });
});

const notice = (data: Partial<Notice["data"]>): Notice => ({
  ...{ type: "approval.waiting", timestamp: "2026-01-01T00:00:00.000Z", event: "WAITING", deliveryId: "msg_1" },
  data: { namespace: "default", runId: "run_1", agentName: "desk", sequence: 4, toolName: "refund", ...data },
});
const composed = (data: Partial<Notice["data"]>) => composeMail(notice(data), "a@acme.test", "whk_1", {});

describe("what mail says", () => {
  it("is text, whatever markup somebody wrote", () => {
    const evil = `<img src=x onerror=alert(1)>"'&\r\nBcc: eve@evil.test`;
    const { subject, html, text } = composed({
      ...{ reason: evil, agentName: evil, toolName: evil, argumentsJson: JSON.stringify({ note: evil }) },
      ...{ approvers: { users: [evil], groups: [evil] }, comment: evil, decidedBy: evil, onBehalfOf: evil },
    });
    expect(subject).not.toMatch(/[\r\n]/);
    expect(html).not.toMatch(/<img/);
    expect(html).toContain("&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;");
    expect(text).toContain("‹U+000D›");
  });

  it("hides nothing: what nobody would see stands there as its code", () => {
    const { subject, text, html } = composed({ toolName: "re\u202efund", argumentsJson: '{"to":"a\u200bb"}' });
    for (const said of [text, html]) {
      expect(said).toContain("re‹U+202E›fund");
      expect(said).toContain("a‹U+200B›b");
    }
    expect(subject).toContain("re‹U+202E›fund");
  });

  it("is of a bounded size, and tells how much of the arguments is not there", () => {
    const argumentsJson = JSON.stringify({ text: "\u202e𝒳".repeat(60_000) });
    const { text, html } = composed({ argumentsJson, reason: "r".repeat(16_000) });
    expect(text.length).toBeLessThan(20_000);
    expect(html.length).toBeLessThan(24_000);
    const [, leftOut = "0"] = /(\d+) more characters are not in this mail\./.exec(text) ?? [];
    expect(Number(leftOut)).toBeGreaterThan(100_000);
    // No half of a character.
    expect(text).not.toMatch(/‹U\+D8|‹U\+DC/);
  });

  it("has numbers as they stand in the canonical text", () => {
    expect(composed({ argumentsJson: '{"a":1e+21,"b":0.1,"c":-5e-324}' }).text).toContain(
      '"a": 1e+21,\n  "b": 0.1,\n  "c": -5e-324',
    );
  });
});

describe("a mailto URL", () => {
  it("names addresses, each once, and whoever decides", () => {
    expect(readMailto("mailto:a@acme.test,b@acme.test,a@acme.test")).toEqual({
      addresses: ["a@acme.test", "b@acme.test"],
      approvers: false,
    });
    expect(readMailto("mailto:approvers")).toEqual({ addresses: [], approvers: true });
    expect(readMailto("mailto:a%2Bb@acme.test")).toMatchObject({ addresses: ["a+b@acme.test"] });
    // A relay of one's own network.
    expect(readMailto("mailto:ops@localhost")).toMatchObject({ addresses: ["ops@localhost"] });
  });

  it.each([
    "mailto:",
    "mailto:maria",
    "mailto:a@acme.test,",
    "mailto:a@acme.test?bcc=eve@evil.test",
    "mailto:a@acme.test%0d%0aBcc:eve@evil.test",
    "mailto:%22Eve%22%20%3Ca@acme.test%3E",
    "mailto:a@acme.test%2Cb@acme.test",
    "mailto:é@acme.test",
    "mailto:%zz@acme.test",
    `mailto:${Array.from({ length: 21 }, (_, index) => `a${index}@acme.test`).join(",")}`,
  ])("is none that is written %s", (url) => {
    expect(readMailto(url)).toHaveProperty("fault");
  });
});

it("is read of what is stored, and of nothing else", () => {
  const delivery = { deliveryId: "msg_1", event: "WAITING" } as Delivery;
  const { type, timestamp, data } = notice({});
  expect(readNotice({ ...delivery, body: JSON.stringify({ type, timestamp, data }) })).toEqual(notice({}));
  for (const body of ["", "{}", "[]", '{"type":1}', JSON.stringify({ type, timestamp, data: { ...data, runId: 7 } })]) {
    expect(readNotice({ ...delivery, body })).toBeUndefined();
  }
});
