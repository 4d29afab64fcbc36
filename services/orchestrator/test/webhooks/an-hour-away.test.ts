// A receiver that is away for an hour, by a clock that is moved: it gets every message when it is back, each signed as the
// specification has it, and none of what did not happen.
import { eventually } from "@agentspan/servers/eventually";
import { Webhook as Verifier } from "standardwebhooks";
import { afterEach, expect, it, vi } from "vitest";
import { toldEvents } from "../../src/webhooks/told-events.js";
import { notifierAt, paid, WebhookScene } from "./webhook-desk.js";

const MINUTE_MS = 60_000;
const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

afterEach(() => vi.useRealTimers());

it("a receiver that was away for an hour gets every message, each verifiable, and none that is made up", async () => {
  const scene = new WebhookScene();
  const desk = scene.desk();
  scene.webhook();
  const notifier = notifierAt(desk, scene);
  const begun = scene.now;
  const taken = new Map<string, string>();
  scene.posts.answer = ({ headers, body }) => {
    if (scene.now < begun + 60 * MINUTE_MS) return { kind: "failed", why: "it could not be reached: ECONNREFUSED" };
    // By the receiver's own clock, which is the scene's.
    vi.useFakeTimers({ now: scene.now, toFake: ["Date"] });
    const message = new Verifier(SECRET).verify(body, { ...headers }) as { type: string };
    vi.useRealTimers();
    taken.set(`${headers["webhook-id"]}`, body);
    expect(message.type).toMatch(/^(approval|run)\./);
    return { kind: "answered", status: 204 };
  };

  // While it is away a run ends every ten minutes, and each message is tried when it is due.
  const runs: string[] = [];
  for (let minute = 0; minute < 60; minute += 1) {
    if (minute % 10 === 0) {
      runs.push(`run_${minute}`);
      await paid(desk, `run_${minute}`);
    }
    await notifier.look();
    notifier.due();
    await eventually(() => expect(scene.deliveries.filter(({ dueAt = 0 }) => dueAt <= scene.now)).toEqual([]));
    scene.now += MINUTE_MS;
  }
  expect(scene.deliveries.every(({ state }) => state === "PENDING")).toBe(true);
  expect(scene.deliveries.every(({ attempts }) => attempts > 0)).toBe(true);
  expect(taken.size).toBe(0);

  // It is back, and has all of it within the two hours that the last attempts may be apart.
  for (let minute = 0; minute < 150; minute += 10) {
    notifier.due();
    await eventually(() => expect(scene.deliveries.filter(({ dueAt = Infinity }) => dueAt <= scene.now)).toEqual([]));
    scene.now += 10 * MINUTE_MS;
  }
  // Time may have passed one by that was on its way just then: it is sent again when it is another's to take.
  await eventually(() => {
    scene.now += MINUTE_MS;
    notifier.due();
    expect(scene.deliveries.map(({ state }) => state)).toEqual(Array(runs.length * 3).fill("DELIVERED"));
  });
  const told = [...taken.values()].map((body) => {
    const { type, data } = JSON.parse(body) as { type: string; data: { runId: string; sequence: number } };
    return `${data.runId} ${data.sequence} ${type}`;
  });
  const happened = [];
  for (const runId of runs) {
    const { run, events } = await desk.stored(runId);
    happened.push(...toldEvents(run, events).map(({ sequence, type }) => `${runId} ${sequence} ${type}`));
  }
  expect(told.toSorted()).toEqual(happened.toSorted());
});
