// Webhooks: a message is posted to an https URL, signed as the Standard Webhooks specification has it.
import type { Clock } from "../clock.js";
import type { Channel, Delivery, PostAnswer, Posts, SendEnd, Webhook } from "../ports.js";
import { goodSecrets, signedHeaders } from "../webhooks/secrets.js";

export interface WebhookChannelOptions {
  readonly posts: Posts;
  readonly clock: Clock;
}

export class WebhookChannel implements Channel {
  constructor(private readonly options: WebhookChannelOptions) {}

  problem(url: string): Promise<string | undefined> {
    return this.options.posts.problem(url);
  }

  async send(webhook: Webhook, { deliveryId, body }: Delivery): Promise<SendEnd> {
    const { posts, clock } = this.options;
    const now = clock.now();
    return endOf(await posts.post(webhook.url, signedHeaders(deliveryId, now, body, goodSecrets(webhook, now)), body));
  }

  close(): Promise<void> {
    return this.options.posts.close();
  }
}

function endOf(answer: PostAnswer): SendEnd {
  if (answer.kind === "failed") return answer;
  const { status, retryAfterMs } = answer;
  if (status >= 200 && status < 300) return { kind: "taken", status };
  if (status === 410) return { kind: "failed", status, why: "its receiver answered 410 Gone", final: "webhook" };
  const busy = (status === 429 || status === 503) && retryAfterMs !== undefined;
  return { kind: "failed", status, why: wordsOf(status), ...(busy ? { retryAfterMs } : {}) };
}

function wordsOf(status: number): string {
  return status >= 300 && status < 400
    ? `it answered ${status}, and redirects are not followed`
    : `it answered ${status}`;
}
