// Ways by which people and programs are told what happened: a webhook's URL says by which one it is.
import type { Delivery, Webhook } from "./webhooks.js";

/** What came of one attempt to send a delivery. */
export type SendEnd =
  | {
      readonly kind: "taken";
      /** Of the receiver's answer, where its protocol has one. */
      readonly status?: number;
      /** What the receiver calls it, by which it is changed later. */
      readonly receipt?: string;
    }
  /** What comes before it was not sent yet. It was no attempt. */
  | { readonly kind: "waits"; readonly forMs: number }
  | {
      readonly kind: "failed";
      readonly status?: number;
      /** In words that stand alone. */
      readonly why: string;
      /** Milliseconds after which the receiver asks to be asked again. */
      readonly retryAfterMs?: number;
      /** What is no use any more: another attempt, or the whole webhook. Absent where another attempt may do. */
      readonly final?: "delivery" | "webhook";
    };

export interface Channel {
  /** Why nothing is sent to a URL, in words that follow "because"; undefined where it may be, as far as is known now. */
  problem(url: string): Promise<string | undefined>;
  /** Makes one attempt, within a time limit; `attempts` of the delivery were begun before. Never rejects. */
  send(webhook: Webhook, delivery: Delivery): Promise<SendEnd>;
  /** Gives up what is on its way. */
  close(): Promise<void>;
}
