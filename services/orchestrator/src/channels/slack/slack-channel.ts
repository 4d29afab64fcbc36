// Slack: a message for each approval, which is changed in place once it is over, so that no button stays that does nothing.
//
// 1. Slack gives a message an id when it takes it, and that is stored with the delivery. Who died in between leaves a
//    message that nobody knows; whoever sends it again looks for it first, by the delivery's id in its metadata.
// 2. What changes a message waits until that was sent, or will not be.
import { AgentspanError, type SlackAnswer, type SlackApi } from "@agentspan/internal";
import type { Clock } from "../../clock.js";
import type { Channel, Delivery, SendEnd, Webhook, WebhookStore } from "../../ports.js";
import { slackChannelOf } from "../addresses.js";
import { asks, type Notice, readNotice } from "../notice.js";
import type { OpenApprovals } from "../open-approvals.js";
import { deskUrlOf } from "../shown-text.js";
import { composeSlackMessage, type SlackMessage } from "./blocks.js";
import { failureOf, isGone } from "./slack-failures.js";

export interface SlackChannelOptions {
  readonly api: Pick<SlackApi, "call" | "close">;
  readonly store: Pick<WebhookStore, "getDelivery">;
  readonly clock: Clock;
  readonly approvals: OpenApprovals;
  /** Whether messages have buttons, which gateways hear of. */
  readonly buttons: boolean;
  readonly publicUrl?: string | undefined;
}

const METADATA = "agentspan_delivery";
const SEARCHED_BACK_MS = 60_000;
const MOST_PAGES = 3;
/** How long what changes a message waits for that to be sent, before it looks again. */
const SOON_MS = 2_000;
const LATER_MS = 60_000;

export class SlackChannel implements Channel {
  constructor(private readonly options: SlackChannelOptions) {}

  async problem(url: string): Promise<string | undefined> {
    return slackChannelOf(url) === undefined
      ? "it is not slack: and the id of a channel, such as slack:C0123ABCD"
      : undefined;
  }

  async send(webhook: Webhook, delivery: Delivery): Promise<SendEnd> {
    const channel = slackChannelOf(webhook.url);
    const notice = readNotice(delivery);
    if (channel === undefined || notice === undefined) {
      return { kind: "failed", why: "it does not say where it goes", final: "delivery" };
    }
    const isWanted = webhook.events.length === 0 || webhook.events.includes(notice.event);
    try {
      if (asks(notice) && !(await this.isOpen(notice))) return await this.overAlready(channel, delivery);
      if (notice.opening === delivery.deliveryId) return await this.open(channel, delivery, notice, isWanted);
      if (notice.opening === undefined) return await this.post(channel, notice);
      return await this.follow(channel, notice, notice.opening, isWanted);
    } catch (thrown) {
      return { kind: "failed", why: `what it says could not be put together: ${AgentspanError.from(thrown).reason}` };
    }
  }

  async close(): Promise<void> {
    this.options.api.close();
  }

  /** Nobody is asked in vain. Where somebody may have been before, that is to be changed. */
  private async overAlready(channel: string, delivery: Delivery): Promise<SendEnd> {
    const receipt = await this.postedBefore(channel, delivery);
    return { kind: "taken", ...(receipt === undefined ? {} : { receipt }) };
  }

  /** Asks about an approval; of one that a standing grant decided there is nothing to ask. */
  private async open(channel: string, delivery: Delivery, notice: Notice, isWanted: boolean): Promise<SendEnd> {
    const before = await this.postedBefore(channel, delivery);
    if (before !== undefined) return this.change(channel, notice, before, true);
    return isWanted ? this.post(channel, notice) : { kind: "taken" };
  }

  /** Changes the message that asked, or answers it. */
  private async follow(channel: string, notice: Notice, opening: string, isWanted: boolean): Promise<SendEnd> {
    const asked = await this.options.store.getDelivery(opening);
    if (asked?.state === "PENDING") return { kind: "waits", forMs: this.patience(asked) };
    if (asks(notice)) return this.post(channel, notice, asked?.receipt);
    if (asked?.receipt !== undefined) return this.change(channel, notice, asked.receipt, isWanted);
    return isWanted ? this.post(channel, notice) : { kind: "taken" };
  }

  /** In place; where people took the message away, it is posted anew to whoever wants it. */
  private async change(channel: string, notice: Notice, ts: string, isWanted: boolean): Promise<SendEnd> {
    const answer = await this.options.api.call("chat.update", { channel, ts, ...this.composed(notice) });
    if (answer.ok) return { kind: "taken", status: 200, receipt: ts };
    if (!isGone(answer)) return failureOf(answer);
    return isWanted ? this.post(channel, notice) : { kind: "taken" };
  }

  /** The message that an attempt before posted: as it was stored, or, of one whose end nobody heard of, as Slack has it. */
  private async postedBefore(channel: string, delivery: Delivery): Promise<string | undefined> {
    if (delivery.receipt !== undefined) return delivery.receipt;
    const isDoubtful = delivery.attempts > 0 && delivery.lastStatus === undefined;
    return isDoubtful ? this.find(channel, delivery) : undefined;
  }

  private patience({ lastError, dueAt = 0 }: Delivery): number {
    // It is on its way, or will be.
    if (lastError === undefined) return SOON_MS;
    return Math.min(Math.max(dueAt - this.options.clock.now(), 0) + SOON_MS, LATER_MS);
  }

  private async post(channel: string, notice: Notice, thread?: string): Promise<SendEnd> {
    const { deliveryId: delivery_id } = notice;
    const answer = await this.options.api.call("chat.postMessage", {
      channel,
      ...this.composed(notice),
      metadata: { event_type: METADATA, event_payload: { delivery_id } },
      ...{ unfurl_links: false, unfurl_media: false, thread_ts: thread },
    });
    if (!answer.ok) return failureOf(answer);
    const { ts } = answer.body;
    return { kind: "taken", status: 200, ...(typeof ts === "string" ? { receipt: ts } : {}) };
  }

  /** The message of a delivery, where there is one. Where that may not be read, there is none, and it comes twice. */
  private async find(channel: string, { deliveryId, at }: Delivery): Promise<string | undefined> {
    const oldest = String(Math.floor((at - SEARCHED_BACK_MS) / 1_000));
    let cursor: string | undefined;
    for (let page = 1; page <= MOST_PAGES; page += 1) {
      const asked = { channel, oldest, include_all_metadata: true, limit: 100, cursor };
      const answer = await this.options.api.call("conversations.history", asked);
      const found = messagesIn(answer).find((message) => deliveryOf(message) === deliveryId);
      if (typeof found?.ts === "string") return found.ts;
      cursor = cursorIn(answer);
      if (cursor === undefined) return undefined;
    }
    return undefined;
  }

  private isOpen({ data: { runId, approvalId } }: Notice): Promise<boolean> {
    return this.options.approvals.isOpen(runId, approvalId);
  }

  private composed(notice: Notice): SlackMessage {
    const { buttons, publicUrl } = this.options;
    return composeSlackMessage(notice, {
      desk: deskUrlOf(publicUrl, notice.data),
      // Only what is changed later has buttons: no other message would lose them.
      buttons: buttons && notice.opening === notice.deliveryId && asks(notice),
    });
  }
}

type Members = Readonly<Record<string, unknown>>;

function membersOf(value: unknown): Members {
  return typeof value === "object" && value !== null ? (value as Members) : {};
}

function messagesIn(answer: SlackAnswer): readonly Members[] {
  const messages = answer.ok ? answer.body.messages : [];
  return Array.isArray(messages) ? messages.map(membersOf) : [];
}

function deliveryOf(message: Members): unknown {
  const { event_type, event_payload } = membersOf(message.metadata);
  return event_type === METADATA ? membersOf(event_payload).delivery_id : undefined;
}

function cursorIn(answer: SlackAnswer): string | undefined {
  const { next_cursor } = membersOf(answer.ok ? answer.body.response_metadata : undefined);
  return typeof next_cursor === "string" && next_cursor !== "" ? next_cursor : undefined;
}
