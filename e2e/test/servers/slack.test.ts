// Approvals in Slack, with a workspace in another process: messages that are decided by their buttons, with the rights that
// somebody has anywhere else, once, and that are changed in place whoever decided; and an orchestrator that dies in between.
import { AuditService, DeliveryState, type WebhookDelivery, WebhookService } from "@agentspan/proto";
import { AgentRuntime } from "@agentspan/sdk";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { buttonsOf, deskAgent, type PostedMessage, SlackReceiver, Stack, until, wordsOf } from "../../src/index.js";
import { call, REFUND, theApproval } from "../desk-run.js";
import { dyingAt } from "../dying.js";
import { askingForKeys, holder } from "../key-holders.js";

const [TOKEN, SECRET, CHANNEL] = ["xoxb-very-secret-token", "0123456789abcdef0123456789abcdef", "C0REFUNDS"];
const EMAILS = { U0NOAH: "Noah@acme.test", U0STRANGER: "eve@evil.test" };

const HOLDERS = {
  alex: holder("alex", ["runner"]),
  maria: holder("maria", ["approver"]),
  noah: holder("noah", ["approver"]),
  kim: holder("kim", ["runner"]),
  root: holder("root", ["admin"]),
} as const;

let slack: SlackReceiver;
let stack: Stack;
const runtimes = new Map<string, AgentRuntime>();
let webhookId: string;
beforeAll(async () => {
  slack = await SlackReceiver.start({ token: TOKEN, secret: SECRET, channel: CHANNEL, users: EMAILS });
  stack = await Stack.start({
    orchestrators: 1,
    signed: true,
    env: {
      ...askingForKeys(Object.values(HOLDERS)),
      AGENTSPAN_ALLOW_FAULTS: "yes",
      AGENTSPAN_SLACK_BOT_TOKEN: TOKEN,
      AGENTSPAN_SLACK_SIGNING_SECRET: SECRET,
      AGENTSPAN_SLACK_API_URL: slack.url,
      AGENTSPAN_SLACK_USERS: JSON.stringify([
        { user: "U0MARIA", key: HOLDERS.maria.keyId },
        { email: "noah@acme.test", key: HOLDERS.noah.keyId },
        { user: "U0KIM", key: HOLDERS.kim.keyId },
      ]),
      AGENTSPAN_PUBLIC_URL: "https://agents.acme.test",
    },
  });
  const asked = { url: `slack:${CHANNEL}`, includeArguments: true };
  const { webhook } = await as("root").client.call(WebhookService.method.createWebhook, asked);
  webhookId = webhook?.webhookId ?? "";
});
afterEach(async ({ task }) => {
  if (task.result?.state === "fail") process.stderr.write(`${stack.logs()}\n`);
  await slack.set({});
});
afterAll(async () => {
  await Promise.all([...runtimes.values()].map((runtime) => runtime.shutdown()));
  await stack?.stop();
  await slack?.stop();
});

function as(name: keyof typeof HOLDERS): AgentRuntime {
  const url = gateway();
  const runtime = runtimes.get(name) ?? new AgentRuntime({ url, apiKey: HOLDERS[name].text, retryFor: "5s" });
  runtimes.set(name, runtime);
  return runtime;
}
const gateway = () => stack.gateway().url;

async function refunding(name: string, args: object = REFUND) {
  const input = stack.model.script(name, [call("refund", args), { text: "ok" }]);
  const handle = await as("alex").start(deskAgent(), input, { serve: false });
  return { input, runId: handle.runId, handle };
}
type Run = Awaited<ReturnType<typeof refunding>>;

async function messagesOf({ runId }: Run): Promise<readonly PostedMessage[]> {
  return (await slack.seen()).messages.filter((message) => wordsOf(message).includes(runId));
}

/** The one that asks, once it is so. */
function theMessage(run: Run, is: (message: PostedMessage) => boolean = () => true): Promise<PostedMessage> {
  return until(
    `the message about ${run.runId} is as it should be`,
    async () => {
      const [first] = (await messagesOf(run)).filter((message) => wordsOf(message).includes("Approval: "));
      return first !== undefined && is(first) && first;
    },
    { withinMs: 100_000 },
  );
}

/** What one user was told alone, in the end. */
function whisperTo(user: string, about: string): Promise<string> {
  return until(`${user} is told ${about}`, async () => {
    const said = (await slack.seen()).whispers.filter((one) => one.user === user).at(-1)?.text ?? "";
    return said.includes(about) && said;
  });
}

const approvalIn = async ({ handle, runId }: Run) => theApproval({ handle, runId, input: "" });

const BOTH = ["agentspan_approve", "agentspan_reject", "agentspan_open"];
const OVER = (words: string) => (message: PostedMessage) =>
  wordsOf(message).includes(words) && buttonsOf(message).join() === "agentspan_open";

describe("a message in Slack", () => {
  it("has what is asked, is decided by its button, as the person who pressed it and once, and says then what became of it", async () => {
    const run = await refunding("approved", { ...REFUND, note: "<!channel> *re\u202efund*" });
    const message = await theMessage(run);
    expect(buttonsOf(message)).toEqual(BOTH);
    expect(wordsOf(message)).toContain('"note": "<!channel> *re‹U+202E›fund*"');
    expect(message.text).not.toContain("<");
    const pressed = await slack.press(gateway(), message.ts, "agentspan_approve", "U0MARIA");
    expect(pressed.status).toBe(200);
    await whisperTo("U0MARIA", "You approved it.");
    const over = await theMessage(run, OVER("Decided by: maria"));
    expect(over.ts).toBe(message.ts);
    expect((await run.handle.result()).state).toBe("COMPLETED");
    // Whoever saw the request, or Slack, posts it again: it is the same decision.
    const again = await fetch(`${gateway()}/slack/interactions`, {
      method: "POST",
      ...pressed,
      headers: { ...pressed.headers },
    });
    expect(again.status).toBe(200);
    const { entries } = await as("root").client.call(AuditService.method.listAudit, { runId: run.runId });
    const decided = entries.filter(({ kind }) => kind === "decided").map(({ line }) => line);
    expect(decided).toHaveLength(1);
    expect(decided[0]).toContain(`T0ACME/U0MARIA/${HOLDERS.maria.keyId}`);
    expect((await messagesOf(run)).map(({ ts }) => ts)).toContain(message.ts);
  });

  it("takes the reason of a rejection in a form, from somebody who is known by the e-mail of their profile", async () => {
    const run = await refunding("rejected");
    const { ts } = await theMessage(run);
    const before = (await slack.seen()).views.length;
    expect((await slack.press(gateway(), ts, "agentspan_reject", "U0NOAH")).status).toBe(200);
    const view = await until("the form is open", async () => (await slack.seen()).views[before]);
    expect((await slack.submit(gateway(), view.id, "twice in a week", "U0NOAH")).status).toBe(200);
    await whisperTo("U0NOAH", "You rejected it.");
    const over = await theMessage(run, OVER("Decided by: noah"));
    expect(wordsOf(over)).toContain("Comment: twice in a week");
  });

  it("records nothing of somebody who is nobody here, or may not decide, and tells them alone", async () => {
    const run = await refunding("refused");
    const { ts } = await theMessage(run);
    await slack.press(gateway(), ts, "agentspan_approve", "U0STRANGER");
    await whisperTo("U0STRANGER", "nobody's here");
    await slack.press(gateway(), ts, "agentspan_reject", "U0STRANGER");
    await slack.press(gateway(), ts, "agentspan_approve", "U0KIM");
    expect(await whisperTo("U0KIM", "Nothing was recorded.")).toContain(
      "takes the role approver or admin, and kim has runner",
    );
    expect((await approvalIn(run)).votes).toEqual([]);
    const message = await theMessage(run);
    expect([message.edits, buttonsOf(message)]).toEqual([0, BOTH]);
    // Who was faster somewhere else is told to whoever comes late, and the message says it too.
    const before = (await slack.seen()).views.length;
    const pressed = await slack.press(gateway(), ts, "agentspan_reject", "U0MARIA");
    const view = await until("the form is open", async () => (await slack.seen()).views[before]);
    await as("noah").handle(run.runId).approve();
    await slack.submit(gateway(), view.id, "too late", "U0MARIA");
    const faster = /^noah was faster: approved at .*Nothing was recorded\.$/;
    expect(await whisperTo("U0MARIA", "was faster")).toMatch(faster);
    // So they are who press a button that is there no more: nobody is asked why.
    const said = (await slack.seen()).whispers.length;
    await fetch(`${gateway()}/slack/interactions`, { method: "POST", body: pressed.body, headers: pressed.headers });
    const { whispers, views } = await until("it is said again", async () => {
      const seen = await slack.seen();
      return seen.whispers.length > said && seen;
    });
    expect([whispers.at(-1)?.text, views.length]).toEqual([expect.stringMatching(faster), before + 1]);
    await theMessage(run, OVER("Decided by: noah"));
  });

  it("is heard of by Slack's own requests alone, of the last five minutes", async () => {
    const run = await refunding("forged");
    const { ts } = await theMessage(run);
    const { body, headers } = await slack.press(gateway(), ts, "agentspan_approve", "U0STRANGER");
    const post = async (text: string, more: Readonly<Record<string, string>>, method = "POST") =>
      (
        await fetch(`${gateway()}/slack/interactions`, {
          method,
          headers: more,
          ...(method === "GET" ? {} : { body: text }),
        })
      ).status;
    const forged = body.replace("U0STRANGER", "U0MARIA");
    expect(forged).not.toBe(body);
    expect(await post(body, headers)).toBe(200);
    expect(await post(forged, headers)).toBe(401);
    expect(
      await post(body, { ...headers, "x-slack-request-timestamp": String(Math.floor(Date.now() / 1_000) - 301) }),
    ).toBe(401);
    expect(await post(body, { ...headers, "x-slack-signature": "v0=" })).toBe(401);
    expect(await post(body, { "content-type": "application/x-www-form-urlencoded" })).toBe(401);
    expect(await post("", {}, "GET")).toBe(405);
    expect((await approvalIn(run)).votes).toEqual([]);
  });

  it("has no button to approve what does not stand above it, and loses its buttons when nothing is left to decide", async () => {
    const run = await refunding("long", { ...REFUND, note: "x".repeat(20_000) });
    const message = await theMessage(run);
    expect(buttonsOf(message)).toEqual(["agentspan_reject", "agentspan_open"]);
    expect(wordsOf(message)).toMatch(/\d+ more characters are not in this message\./);
    await run.handle.cancel("not wanted any more");
    const over = await theMessage(run, OVER("No longer to be decided"));
    expect(over.ts).toBe(message.ts);
  });

  it("comes once, and is changed, where its orchestrator died or was cut off after Slack had it", async () => {
    const killed = await dyingAt(stack, "orchestrator.after-post", () => refunding("killed"));
    const { ts } = await theMessage(killed);
    await as("maria").handle(killed.runId).approve();
    expect((await theMessage(killed, OVER("Decided by: maria"))).ts).toBe(ts);
    expect((await messagesOf(killed)).filter(({ text }) => text.includes("refund"))).toHaveLength(1);

    await slack.set({ post: "cut" });
    const cut = await refunding("cut");
    const first = await theMessage(cut);
    await slack.set({});
    await as("maria").handle(cut.runId).approve();
    expect((await theMessage(cut, OVER("Decided by: maria"))).ts).toBe(first.ts);
  });

  it.each([
    { post: "429 with 1", state: DeliveryState.PENDING, status: 429, why: "Slack answered ratelimited" },
    { post: "not_in_channel", state: DeliveryState.PENDING, status: 200, why: "Slack answered not_in_channel" },
    { post: "is_archived", state: DeliveryState.DEAD, status: 200, why: "Slack answered is_archived" },
  ])(
    "that Slack refuses with $post is sent again where that may help, and else is listed",
    async ({ post, ...said }) => {
      await slack.set({ post });
      const run = await refunding(post);
      const failed = await theDelivery(run, ({ lastError }) => lastError !== "");
      expect(failed).toMatchObject({ state: said.state, lastStatus: said.status, lastError: said.why });
      await slack.set({});
      if (said.state === DeliveryState.DEAD) {
        const { deliveryId } = failed;
        await as("root").client.call(WebhookService.method.replayDelivery, { deliveryId });
      }
      await theDelivery(run, ({ state }) => state === DeliveryState.DELIVERED);
      expect(await messagesOf(run)).toHaveLength(1);
      await run.handle.cancel("enough");
    },
  );

  it("leaves its token and its secret in no log", () => {
    expect(stack.logs()).not.toContain(TOKEN);
    expect(stack.logs()).not.toContain(SECRET);
  });
});

function theDelivery(run: Run, is: (delivery: WebhookDelivery) => boolean): Promise<WebhookDelivery> {
  return until(
    `the message about ${run.runId} was tried`,
    async () => {
      const { deliveries } = await as("root").client.call(WebhookService.method.listDeliveries, { webhookId });
      const [one] = deliveries.filter(({ runId }) => runId === run.runId).toReversed();
      return one !== undefined && is(one) && one;
    },
    { withinMs: 100_000 },
  );
}
