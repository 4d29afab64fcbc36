// Where webhooks are kept, and what they are to be told.
import type { KeySeal } from "./keys.js";
import type { ChangedRun, Page } from "./runs.js";

/** What a webhook may be told of. */
export const WEBHOOK_EVENTS = [
  "WAITING",
  "DECIDED",
  "EXPIRED",
  "OUTCOME_UNKNOWN",
  "ENDED",
  "REMINDED",
  "ESCALATED",
  "CLOSED",
] as const;
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];

/** A webhook as it is stored. Times are milliseconds since the epoch. */
export interface Webhook {
  readonly webhookId: string;
  readonly namespace: string;
  readonly url: string;
  /** All where empty. */
  readonly events: readonly WebhookEvent[];
  /** Any where empty. */
  readonly agentName: string;
  readonly toolName: string;
  readonly includeArguments: boolean;
  readonly description: string;
  readonly createdAt: number;
  readonly createdBy: string;
  /** Of the request that made it. */
  readonly requestDigest: string;
  /** The newest last; one at least. */
  readonly secrets: readonly WebhookSecret[];
  /** One more with each change of what is sealed; from 1. */
  readonly revision: number;
  /** When it was changed last. */
  readonly changedAt: number;
  /** Nothing is sent to it any more. */
  readonly stopped?: WebhookStop;
  /** Of all of it but what stopped it, by the orchestrator that stored it; absent where orchestrators have no keys. */
  readonly seal?: KeySeal;
}

export interface WebhookSecret {
  /** "whsec_" and base64. */
  readonly text: string;
  readonly since: number;
  /** When messages are not signed with it any more; absent of the newest. */
  readonly until?: number;
}

export interface WebhookStop {
  readonly at: number;
  readonly why: string;
}

export const DELIVERY_STATES = ["PENDING", "DELIVERED", "DEAD"] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** What one webhook is told of one event: written once, and sent with the same id and the same text each time. */
export interface Delivery {
  /** As deliveryIdOf has it. */
  readonly deliveryId: string;
  readonly webhookId: string;
  readonly namespace: string;
  readonly runId: string;
  readonly sequence: number;
  readonly event: WebhookEvent;
  /** When it happened, by the run's own time. */
  readonly at: number;
  /** The JSON text that is sent. */
  readonly body: string;
  readonly seal?: KeySeal;
  readonly state: DeliveryState;
  /** How often it was begun to be sent, of which those before the last replay. */
  readonly attempts: number;
  readonly attemptsBefore: number;
  /** When it is sent next, or may be by another where whoever has it is gone; absent once it has ended. */
  readonly dueAt?: number;
  readonly lastAttemptAt?: number;
  /** Of the last answer. */
  readonly lastStatus?: number;
  /** Why the last attempt failed, in words. */
  readonly lastError?: string;
  readonly endedAt?: number;
  /** What its receiver calls it, by which it is changed later; absent where there is nothing to be changed. */
  readonly receipt?: string;
}

/** How much longer one is kept that may be changed: an approval may wait for long. */
export const CHANGEABLE_MS = 365 * 24 * 60 * 60_000;

/** A delivery that is due, as whoever takes it finds it. */
export type DueDelivery = Pick<Delivery, "deliveryId" | "webhookId" | "attempts">;

/** What became of an attempt. */
export interface AttemptEnd {
  readonly state: DeliveryState;
  /** Where it is sent again. */
  readonly dueAt?: number;
  /** Where it is not. */
  readonly endedAt?: number;
  readonly lastStatus?: number;
  readonly lastError?: string;
  /** One from before stays where there is none. */
  readonly receipt?: string;
  /** Where it was no attempt. */
  readonly attemptsBefore?: number;
}

export interface WebhookListQuery {
  readonly namespace: string;
  readonly limit: number;
  /** Opaque, from the page before. A broken one rejects with INVALID_REQUEST. */
  readonly pageToken?: string;
}

export interface DeliveryListQuery {
  readonly webhookId: string;
  /** Every state where empty. */
  readonly states: readonly DeliveryState[];
  readonly limit: number;
  readonly pageToken?: string;
}

/**
 * Keeps webhooks and their deliveries. A row that cannot be read is left out of lists, and by its id rejects with
 * ROW_UNREADABLE: nothing is sent of it or to it.
 */
export interface WebhookStore {
  /** Resolves to false, and changes nothing, where one of this id was stored already. */
  putWebhook(webhook: Webhook): Promise<boolean>;
  getWebhook(webhookId: string): Promise<Webhook | undefined>;
  /** The newest first. */
  listWebhooks(query: WebhookListQuery): Promise<Page<Webhook>>;
  /** Those of all namespaces. */
  allWebhooks(): Promise<readonly Webhook[]>;
  /** Puts another in the place of the revision before its own; false where that is not there any more. */
  replaceWebhook(webhook: Webhook): Promise<boolean>;
  /** The first stop stays. */
  stopWebhook(webhookId: string, stop: WebhookStop): Promise<void>;
  /** With all its deliveries. False where that namespace has none of this id. */
  deleteWebhook(namespace: string, webhookId: string): Promise<boolean>;

  /** Runs in which something happened that webhooks are told of since a time, that time included; the longest ago first. */
  listTellable(since: number, limit: number): Promise<readonly ChangedRun[]>;
  /** Up to when everything of a share is in deliveries; undefined where nobody has begun. */
  readTellCursor(share: number): Promise<number | undefined>;
  /** Moves it forward; an earlier time changes nothing. */
  moveTellCursor(share: number, at: number): Promise<void>;

  /** Writes each whose id is not taken, in any order. Resolves to the ids that are. */
  putDeliveries(deliveries: readonly Delivery[]): Promise<ReadonlySet<string>>;
  /** Pending ones that are due by a time, the most overdue first; none of these webhooks. */
  dueDeliveries(by: number, limit: number, without: readonly string[]): Promise<readonly DueDelivery[]>;
  /** Begins the next attempt, until `dueAt` nobody else's. False where another has begun it, or it has ended. */
  takeDelivery(delivery: DueDelivery, now: number, dueAt: number): Promise<boolean>;
  /** Says what became of attempt number `attempts`; of an earlier one nothing is changed. */
  endAttempt(deliveryId: string, attempts: number, end: AttemptEnd): Promise<void>;
  getDelivery(deliveryId: string): Promise<Delivery | undefined>;
  /** The newest first. */
  listDeliveries(query: DeliveryListQuery): Promise<Page<Delivery>>;
  /** Makes one that has ended pending. False where it has not, or is not there. */
  replayDelivery(deliveryId: string, now: number): Promise<boolean>;
  /** The same of all of a webhook's that are dead. Resolves to how many there were. */
  replayDead(webhookId: string, now: number): Promise<number>;
  /** Takes away those that ended before a time, and a year before it where their receiver may be asked to change them. */
  forgetDeliveries(before: number): Promise<void>;
}
