// Chooses a channel by the scheme of a webhook's URL.
import type { Channel, Delivery, SendEnd, Webhook } from "../ports.js";

/** By scheme: "https:". */
export type ChannelTable = Readonly<Record<string, Channel>>;

/** What an operator sets for those that are not always there. */
const TAKES: Readonly<Record<string, string>> = {
  "mailto:": "this server sends no mail: that takes AGENTSPAN_SMTP_URL at the orchestrators",
  "slack:": "this server posts nothing to Slack: that takes AGENTSPAN_SLACK_BOT_TOKEN at the orchestrators",
};

export class Channels implements Channel {
  constructor(private readonly table: ChannelTable) {}

  async problem(url: string): Promise<string | undefined> {
    const channel = this.of(url);
    return channel === undefined ? this.missing(url) : channel.problem(url);
  }

  async send(webhook: Webhook, delivery: Delivery): Promise<SendEnd> {
    const channel = this.of(webhook.url);
    // Another orchestrator may have what this one was not given.
    if (channel === undefined) return { kind: "failed", why: `nothing was sent, because ${this.missing(webhook.url)}` };
    return channel.send(webhook, delivery);
  }

  async close(): Promise<void> {
    await Promise.all([...new Set(Object.values(this.table))].map((channel) => channel.close()));
  }

  private of(url: string): Channel | undefined {
    const scheme = schemeOf(url);
    return scheme !== undefined && Object.hasOwn(this.table, scheme) ? this.table[scheme] : undefined;
  }

  private missing(url: string): string {
    const scheme = schemeOf(url);
    if (scheme === undefined) return "it is no URL";
    return TAKES[scheme] ?? "it is not of https, mailto or slack";
  }
}

function schemeOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).protocol : undefined;
}
