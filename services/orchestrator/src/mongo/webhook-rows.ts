// How rows of webhooks and deliveries become what the port promises: see rows.ts.
import {
  type ChangedRun,
  DELIVERY_STATES,
  type Delivery,
  type DueDelivery,
  WEBHOOK_EVENTS,
  type Webhook,
} from "../ports.js";
import { fields, flag, list, oneOf, type Shape, ShapeFault, text, whole } from "../row-shape.js";
import { date } from "./stored-date.js";

const seal = fields({ signingKeyId: text, signature: text });

const webhookRow = fields(
  {
    ...{ _id: text, namespace: text, url: text, agentName: text, toolName: text, description: text, createdBy: text },
    ...{ events: list(oneOf(...WEBHOOK_EVENTS)), includeArguments: flag, requestDigest: text },
    secrets: list(fields({ text, since: whole() }, { until: whole() })),
    ...{ revision: whole(), createdAt: date, changedAt: date },
  },
  { stoppedAt: date, stoppedBecause: text, seal },
);

export const webhook: Shape<Webhook> = (row, place) => {
  const { _id: webhookId, stoppedAt, stoppedBecause: why = "", ...same } = webhookRow(row, place);
  if (same.secrets.length === 0) throw new ShapeFault("secrets");
  return { webhookId, ...same, ...(stoppedAt === undefined ? {} : { stopped: { at: stoppedAt, why } }) };
};

const deliveryRow = fields(
  {
    ...{ _id: text, webhookId: text, namespace: text, runId: text, sequence: whole(), at: date, body: text },
    ...{ event: oneOf(...WEBHOOK_EVENTS), state: oneOf(...DELIVERY_STATES) },
    ...{ attempts: whole(), attemptsBefore: whole() },
  },
  { seal, dueAt: date, lastAttemptAt: date, lastStatus: whole(), lastError: text, endedAt: date, receipt: text },
);

export const delivery: Shape<Delivery> = (row, place) => {
  const { _id: deliveryId, ...same } = deliveryRow(row, place);
  return { deliveryId, ...same };
};

export const dueDelivery: Shape<DueDelivery> = (row, place) => {
  const {
    _id: deliveryId,
    webhookId,
    attempts,
  } = fields({ _id: text, webhookId: text, attempts: whole() })(row, place);
  return { deliveryId, webhookId, attempts };
};

export const tellableRun: Shape<ChangedRun> = (row, place) => {
  const { _id: runId, v: version, tellAt: at } = fields({ _id: text, v: whole(), tellAt: date })(row, place);
  return { runId, version, at };
};

export const tellCursor: Shape<number> = (row, place) => fields({ at: date })(row, place).at;
