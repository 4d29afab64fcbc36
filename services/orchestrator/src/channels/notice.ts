// What of a delivery people are told: the webhook's message, read back from the text that is stored, and what stands
// beside it for channels that tell people.
import type { Approvers } from "../core/index.js";
import type { Delivery } from "../ports.js";
import { fields, flag, json, list, ShapeFault, text, whole } from "../row-shape.js";
import type { Told } from "../webhooks/told-events.js";

/** Beside the message. */
export interface NoticeEnvelope {
  /** Who gets it, where each recipient gets one of their own. */
  readonly to?: string;
  /** The delivery that asked the same recipient about the same approval, which may be this one; absent of the end of a run. */
  readonly opening?: string;
  /** People are shown what the call would do, elsewhere. */
  readonly previews?: boolean;
}

const noticeData = fields(
  { namespace: text, runId: text, agentName: text, sequence: whole() },
  {
    ...{ approvalId: text, kind: text, toolName: text, argumentsDigest: text, reason: text, votesRequired: whole() },
    ...{ approvers: fields({ users: list(text), groups: list(text) }), expiresAt: text, number: whole(), why: text },
    ...{ outcome: text, decidedBy: text, onBehalfOf: text, grant: fields({ grantId: text }), state: text },
    ...{ argumentsJson: text, editedArgumentsJson: text, comment: text },
  },
);

const notice = json(
  fields({ type: text, timestamp: text, data: noticeData }, { to: text, opening: text, previews: flag }),
);

export type NoticeData = ReturnType<typeof noticeData>;
export type Notice = ReturnType<typeof notice> & Pick<Delivery, "event" | "deliveryId">;

/** The text that is stored of one, as its members come. */
export function noticeText(message: object, envelope: NoticeEnvelope): string {
  return JSON.stringify({ ...message, ...envelope });
}

/** Undefined where it is none. */
export function readNotice({ body, event, deliveryId }: Delivery): Notice | undefined {
  try {
    return { ...notice(body, ""), event, deliveryId };
  } catch (fault) {
    if (fault instanceof ShapeFault) return undefined;
    throw fault;
  }
}

/** Whether it asks somebody to do something, which is pointless once the approval is over. */
export function asks({ event }: Pick<Notice, "event">): boolean {
  return event === "WAITING" || event === "OUTCOME_UNKNOWN" || event === "REMINDED" || event === "ESCALATED";
}

/** By name. */
export function approversIn({ checkpoint }: Told): Approvers["users"] {
  return checkpoint?.approvers?.users ?? [];
}
