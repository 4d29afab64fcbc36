// Notifiers at the database of a scene, and receivers that answer as a test wants.
import { newId, type Signing } from "@agentspan/internal";

import { WebhookChannel } from "../../src/channels/webhook-channel.js";
import { History } from "../../src/history.js";
import type { Channel, Delivery, PostAnswer, Posts, Webhook } from "../../src/ports.js";
import { Notifier } from "../../src/webhooks/notifier.js";
import { sealedWebhook } from "../../src/webhooks/seals.js";
import { KEY, SignedScene, TRUSTED } from "../audit/audit-desk.js";
import { approves, claim, completes, type Desk, replies } from "../scenes/scene.js";

export const SIGNING: Signing = { key: KEY, trusted: TRUSTED };

export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Keeps what was posted. Answers 204 unless told otherwise: nothing is sent. */
export class KeptPosts implements Posts {
  readonly posts: Post[] = [];
  answer: (post: Post) => PostAnswer | Promise<PostAnswer> = () => ({ kind: "answered", status: 204 });

  async problem(): Promise<string | undefined> {
    return undefined;
  }

  async post(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<PostAnswer> {
    const post = { url, headers, body };
    this.posts.push(post);
    return this.answer(post);
  }

  async close(): Promise<void> {}

  /** What was told, in the order of what happened. */
  get told(): readonly string[] {
    const bodies = this.posts.map(({ body }) => JSON.parse(body) as { type: string; data: { sequence: number } });
    return bodies.sort((one, other) => one.data.sequence - other.data.sequence).map(({ type }) => type);
  }
}

export class WebhookScene extends SignedScene {
  readonly posts = new KeptPosts();

  get deliveries(): readonly Delivery[] {
    return [...this.database.webhooks.deliveries.values()];
  }

  /** Writes one as an orchestrator does. */
  webhook(more: Partial<Webhook> = {}): Webhook {
    const made: Webhook = {
      ...{ webhookId: newId("whk"), namespace: "default", url: "https://hooks.acme.test/in", events: [] },
      ...{ agentName: "", toolName: "", includeArguments: false, description: "", createdBy: "ana" },
      ...{ createdAt: this.now, changedAt: this.now, requestDigest: "sha256:d", revision: 1 },
      secrets: [{ text: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", since: this.now }],
      ...more,
    };
    const sealed = sealedWebhook(made, SIGNING);
    this.database.webhooks.webhooks.set(made.webhookId, sealed);
    return sealed;
  }

  change(webhook: Webhook, change: Partial<Webhook>): void {
    this.database.webhooks.webhooks.set(webhook.webhookId, { ...webhook, ...change });
  }
}

interface NotifierMore {
  readonly hints?: boolean;
  readonly others?: () => readonly string[];
  readonly channel?: Channel;
}

const webhooksOf = ({ posts, clock }: WebhookScene) => new WebhookChannel({ posts, clock });

/** It looks when it is told to. What the desk commits is no hint to it unless said. */
export function notifierAt(
  desk: Desk,
  scene: WebhookScene,
  { hints = false, others = () => [], channel = webhooksOf(scene) }: NotifierMore = {},
): Notifier {
  const { store, name } = desk;
  const notifier = new Notifier({
    ...{ store, history: new History(store), clock: scene.clock, log: scene.log },
    channel,
    ...{ orchestratorId: name, orchestrators: others, signing: SIGNING },
  });
  if (hints) desk.listeners.add((committed) => notifier.hint(committed));
  return notifier;
}

/** A refund that somebody approves and a worker pays, to the run's end. */
export async function paid(desk: Desk, runId: string): Promise<void> {
  const waiting = await desk.startWith(["refund"], runId);
  await desk.execute(approves(waiting, "t1c1", `decision of ${runId}`, { comment: "fine by me" }), { runId });
  await desk.execute(claim("t1c1", `nonce of ${runId}`), { runId });
  await desk.execute(completes(await desk.stored(runId), "t1c1", `nonce of ${runId}`), { runId });
  await desk.execute(replies(2, []), { runId });
}

export const PAID = ["approval.waiting", "approval.decided", "run.ended"];
