// Events and states of webhooks as the contract has them.
import { AgentspanError } from "@agentspan/internal";
import { WebhookEvent as PublicEvent, DeliveryState as PublicState } from "@agentspan/proto";
import { DELIVERY_STATES, type DeliveryState, WEBHOOK_EVENTS, type WebhookEvent } from "../ports.js";

const EVENTS: Readonly<Record<WebhookEvent, PublicEvent>> = {
  WAITING: PublicEvent.WAITING,
  DECIDED: PublicEvent.DECIDED,
  EXPIRED: PublicEvent.EXPIRED,
  OUTCOME_UNKNOWN: PublicEvent.OUTCOME_UNKNOWN,
  ENDED: PublicEvent.ENDED,
  REMINDED: PublicEvent.REMINDED,
  ESCALATED: PublicEvent.ESCALATED,
  CLOSED: PublicEvent.CLOSED,
};

const STATES: Readonly<Record<DeliveryState, PublicState>> = {
  PENDING: PublicState.PENDING,
  DELIVERED: PublicState.DELIVERED,
  DEAD: PublicState.DEAD,
};

export function publicEventOf(event: WebhookEvent): PublicEvent {
  return EVENTS[event];
}

/** Throws INVALID_REQUEST for one that there is not. */
export function eventOf(event: PublicEvent): WebhookEvent {
  const found = WEBHOOK_EVENTS.find((one) => EVENTS[one] === event);
  if (found !== undefined) return found;
  throw new AgentspanError("INVALID_REQUEST", `Webhooks are told of no event ${event}.`);
}

export function publicStateOf(state: DeliveryState): PublicState {
  return STATES[state];
}

/** Throws INVALID_REQUEST for one that there is not. */
export function deliveryStateOf(state: PublicState): DeliveryState {
  const found = DELIVERY_STATES.find((one) => STATES[one] === state);
  if (found !== undefined) return found;
  throw new AgentspanError("INVALID_REQUEST", `No delivery has the state ${state}.`);
}
