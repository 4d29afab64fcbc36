// Whether webhooks are owed everything once, whoever dies, and nothing else.
import { eventually } from "@agentspan/servers/eventually";
import { describe, expect, it } from "vitest";
import type { WebhookStore } from "../../src/ports.js";
import { approves, playTurns } from "../scenes/scene.js";
import { notifierAt, PAID, paid, WebhookScene } from "./webhook-desk.js";

const HOUR_MS = 3_600_000;

describe("a notifier", () => {
  it("tells of what happens, in its words, and of no arguments unless they are asked for", async () => {
    const scene = new WebhookScene();
    const desk = scene.desk();
    const [bare, whole] = [scene.webhook(), scene.webhook({ includeArguments: true, url: "https://b.test/" })];
    await paid(desk, "run_a");
    expect(await notifierAt(desk, scene).look()).toBe(6);
    await eventually(() => expect(scene.posts.posts).toHaveLength(6));
    const of = (url: string) =>
      scene.posts.posts.filter((post) => post.url === url).map(({ body }) => JSON.parse(body));
    const [waiting, decided, ended] = of(bare.url).sort((one, other) => one.data.sequence - other.data.sequence);
    const about = { namespace: "default", runId: "run_a", agentName: "desk", labels: {} };
    const call = {
      ...about,
      approvalId: expect.stringMatching(/^apr_/),
      kind: "APPROVAL",
      callId: "t1c1",
      toolName: "refund",
    };
    const timestamp = new Date(scene.now).toISOString();
    expect(waiting).toMatchObject({
      type: "approval.waiting",
      timestamp,
      data: { ...call, argumentsDigest: expect.stringMatching(/^sha256:/), votesRequired: 1 },
    });
    const digest = waiting.data.argumentsDigest;
    expect(decided).toMatchObject({
      type: "approval.decided",
      data: { ...call, outcome: "APPROVED", decidedBy: "maria", argumentsDigest: digest },
    });
    expect(ended).toMatchObject({ type: "run.ended", data: { ...about, state: "COMPLETED" } });
    expect(JSON.stringify(of(bare.url))).not.toMatch(/argumentsJson|fine by me|"done"/);
    const asked = of(whole.url).find(({ type }) => type === "approval.decided");
    expect(asked.data).toMatchObject({ argumentsJson: '{"index":0,"turn":1}', comment: "fine by me" });
  });

  it("tells at a commit what was committed, without looking", async () => {
    const scene = new WebhookScene();
    const desk = scene.desk();
    scene.webhook();
    const notifier = notifierAt(desk, scene, { hints: true });
    await notifier.changed();
    await paid(desk, "run_a");
    await eventually(() => expect(scene.posts.told).toEqual(PAID));
    const { calls } = desk.store;
    expect(calls).not.toContain("listTellable");
    expect(await notifier.look()).toBe(0);
    expect(scene.deliveries).toHaveLength(3);
  });

  it("costs no call of the database where there are no webhooks, but to ask for some now and then", async () => {
    const scene = new WebhookScene();
    const desk = scene.desk();
    const notifier = notifierAt(desk, scene, { hints: true });
    await notifier.look();
    const asked = () => desk.store.calls.filter((call) => /webhook|tell|deliver/i.test(call));
    expect(asked()).toEqual(["allWebhooks"]);
    await paid(desk, "run_a");
    for (let looks = 0; looks < 10; looks += 1) await notifier.look();
    expect(asked()).toEqual(["allWebhooks"]);
    expect(scene.deliveries).toEqual([]);
  });

  it("tells nobody of what was before them, of other agents, tools and events, and of other namespaces", async () => {
    const scene = new WebhookScene();
    const desk = scene.desk();
    await paid(desk, "run_old");
    scene.now += 1;
    scene.webhook({ agentName: "another" });
    scene.webhook({ toolName: "look_up" });
    scene.webhook({ namespace: "elsewhere" });
    scene.webhook({ events: ["EXPIRED"] });
    const [tool, end] = [
      scene.webhook({ toolName: "refund" }),
      scene.webhook({ events: ["ENDED"], agentName: "desk" }),
    ];
    await paid(desk, "run_new");
    expect(await notifierAt(desk, scene).look()).toBe(3);
    const told = scene.deliveries.map(({ webhookId, event, runId }) => [webhookId, event, runId]);
    expect(told.sort()).toEqual(
      [
        [tool.webhookId, "WAITING", "run_new"],
        [tool.webhookId, "DECIDED", "run_new"],
        [end.webhookId, "ENDED", "run_new"],
      ].sort(),
    );
  });

  it("tells somebody new also of what was seen to before it was known here", async () => {
    const scene = new WebhookScene();
    const desk = scene.desk();
    scene.webhook();
    const notifier = notifierAt(desk, scene);
    await notifier.look();
    const late = scene.webhook();
    await paid(desk, "run_a");
    // As another orchestrator saw it, which did not know of the second.
    desk.store.befall("allWebhooks", "away");
    await notifier.look().catch(() => undefined);
    scene.now += 900;
    await notifier.look();
    expect(scene.deliveries.filter(({ webhookId }) => webhookId === late.webhookId)).toHaveLength(3);
  });

  it("finds in a long run's history what it tells of, also at a commit", async () => {
    const scene = new WebhookScene();
    const desk = scene.desk("orc_1", { room: { moveAboveBytes: 2_000, mostBytes: 100_000 } });
    scene.webhook({ includeArguments: true });
    const notifier = notifierAt(desk, scene, { hints: true });
    await notifier.changed();
    const waiting = await desk.startWith(["refund"], "run_1");
    await desk.execute(approves(waiting, "t1c1", "d1", { verdict: { kind: "reject" } }));
    await playTurns(desk, 0);
    await playTurns(desk, 12, { resultBytes: 500 });
    expect((await desk.stored()).chunks.length).toBeGreaterThan(1);
    await eventually(() => expect(scene.posts.told).toEqual(PAID.slice(0, 2)));
    scene.database.webhooks.deliveries.clear();
    expect(await notifierAt(scene.desk("orc_2"), scene).look()).toBe(2);
    for (const { body } of scene.deliveries) expect(body).toContain("argumentsJson");
  });

  const faults: readonly (keyof WebhookStore)[] = [
    "allWebhooks",
    "listTellable",
    "putDeliveries",
    "readTellCursor",
    "moveTellCursor",
  ];
  it.each(faults.flatMap((operation) => [[operation, "away"] as const, [operation, "answer_lost"] as const]))(
    "loses and doubles nothing where %s is %s and the process dies",
    async (operation, fault) => {
      const scene = new WebhookScene();
      const [dying, next] = [scene.desk("orc_1"), scene.desk("orc_2")];
      scene.webhook();
      for (const run of ["run_a", "run_b"]) await paid(dying, run);
      dying.store.befall(operation, fault);
      await notifierAt(dying, scene)
        .look()
        .catch(() => undefined);
      await paid(dying, "run_c");
      scene.now += 60_000;
      await notifierAt(next, scene).look();
      const told = scene.deliveries.map(({ runId, event }) => `${runId} ${event}`);
      const events = ["DECIDED", "ENDED", "WAITING"];
      expect(told.sort()).toEqual(
        ["run_a", "run_b", "run_c"].flatMap((run) => events.map((event) => `${run} ${event}`)),
      );
    },
  );

  it("writes the same as another that looks after the same runs, and each is there once", async () => {
    const scene = new WebhookScene();
    const desks = ["orc_1", "orc_2"].map((name) => scene.desk(name));
    scene.webhook();
    for (const run of ["run_a", "run_b", "run_c"]) await paid(desks[0] ?? scene.desk(), run);
    await Promise.all(desks.map((desk) => notifierAt(desk, scene).look()));
    expect(scene.deliveries).toHaveLength(9);
  });

  it("tells of a change that was stored later than its time says", async () => {
    const scene = new WebhookScene();
    const desk = scene.desk();
    scene.webhook();
    const notifier = notifierAt(desk, scene);
    await paid(desk, "run_a");
    await notifier.look();
    scene.now += 90_000;
    await notifier.look();
    // Its orchestrator stood still before it wrote.
    scene.now -= 60_000;
    await paid(desk, "run_b");
    scene.now += 122_000;
    await notifier.look();
    await notifier.look();
    expect(scene.deliveries.filter(({ runId }) => runId === "run_b")).toHaveLength(3);
  });

  it("sends nothing to a webhook that somebody wrote into the database or changed there", async () => {
    const scene = new WebhookScene();
    const desk = scene.desk();
    const webhook = scene.webhook();
    const { seal: _, ...unsealed } = scene.webhook({ url: "https://evil.test/" });
    scene.database.webhooks.webhooks.set(unsealed.webhookId, unsealed);
    scene.change(webhook, { url: "https://evil.test/" });
    await paid(desk, "run_a");
    const notifier = notifierAt(desk, scene);
    expect(await notifier.look()).toBe(0);
    scene.change(webhook, {});
    scene.now += HOUR_MS;
    expect(await notifier.look()).toBe(3);
  });
});
