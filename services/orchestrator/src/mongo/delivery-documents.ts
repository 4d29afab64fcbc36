// Keeps what webhooks are to be told and were told: one document a message, inserted once by its id.
import { Limits } from "@agentspan/internal";
import { collectPage } from "../collect-page.js";
import { decodePageToken, encodePageToken } from "../page-token.js";
import {
  type AttemptEnd,
  CHANGEABLE_MS,
  DELIVERY_STATES,
  type Delivery,
  type DeliveryListQuery,
  type DeliveryState,
  type DueDelivery,
  type KeySeal,
  type Page,
  type WebhookEvent,
} from "../ports.js";
import type { Database, Statement } from "./database.js";
import { datedRows, positionOf } from "./dated-rows.js";
import { RowReader } from "./row-reader.js";
import { storedDate } from "./stored-date.js";
import { delivery, dueDelivery } from "./webhook-rows.js";

export const DELIVERIES = "webhookDeliveries";

interface DeliveryDocument {
  readonly _id: string;
  readonly webhookId: string;
  readonly namespace: string;
  readonly runId: string;
  readonly sequence: number;
  readonly event: WebhookEvent;
  readonly at: Date;
  readonly body: string;
  readonly seal?: KeySeal;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly attemptsBefore: number;
  readonly dueAt?: Date;
  readonly lastAttemptAt?: Date;
  readonly lastStatus?: number;
  readonly lastError?: string;
  readonly endedAt?: Date;
  readonly receipt?: string;
}

/** Roughly, of a delivery without its text. */
const BASE_BYTES = 512;
/** Of texts that travel in one command, and how many: the store does nothing else meanwhile. */
const COMMAND_BYTES = 8 * 1024 * 1024;
const COMMAND_DELIVERIES = 32;
/** Dead ones that are made pending in one command. */
const REPLAYED_TOGETHER = 500;

export class DeliveryDocuments {
  readonly #database: Database;
  readonly #rows: RowReader;

  constructor(database: Database, rows = new RowReader()) {
    this.#database = database;
    this.#rows = rows;
  }

  async putDeliveries(deliveries: readonly Delivery[]): Promise<ReadonlySet<string>> {
    const taken = new Set<string>();
    for (const batch of batchesOf(deliveries)) {
      const { inserted } = await this.#database.upsert(DELIVERIES, batch.map(insertOf));
      for (const [index, { deliveryId }] of batch.entries()) if (!inserted.has(index)) taken.add(deliveryId);
    }
    return taken;
  }

  async dueDeliveries(by: number, limit: number, without: readonly string[]): Promise<readonly DueDelivery[]> {
    const rows = this.#database.scan<DeliveryDocument>(
      DELIVERIES,
      {
        // Not $lte: with it some servers leave out of this index what is due at the very instant.
        ...{ state: "PENDING", dueAt: { $lt: storedDate(Math.floor(by) + 1) } },
        ...(without.length === 0 ? {} : { webhookId: { $nin: [...without] } }),
      },
      { sort: { dueAt: 1 }, batchSize: limit, projection: { webhookId: 1, attempts: 1 } },
    );
    return this.#rows.first(limit, DELIVERIES, rows, dueDelivery);
  }

  takeDelivery({ deliveryId: _id, attempts }: DueDelivery, now: number, dueAt: number): Promise<boolean> {
    const set = { dueAt: storedDate(dueAt), lastAttemptAt: storedDate(now), attempts: attempts + 1 };
    return this.#database.changeOne(DELIVERIES, { q: { _id, state: "PENDING", attempts }, u: { $set: set } });
  }

  async endAttempt(deliveryId: string, attempts: number, end: AttemptEnd): Promise<void> {
    const { state, dueAt, endedAt, lastStatus, lastError, receipt, attemptsBefore } = end;
    const said = {
      dueAt: dueAt === undefined ? undefined : storedDate(dueAt),
      endedAt: endedAt === undefined ? undefined : storedDate(endedAt),
      lastStatus,
      lastError,
    };
    const there = Object.entries(said).filter(([, value]) => value !== undefined);
    const gone = Object.entries(said).filter(([name, value]) => value === undefined && name !== "endedAt");
    await this.#database.change(DELIVERIES, [
      {
        q: { _id: deliveryId, state: "PENDING", attempts },
        u: {
          $set: {
            state,
            ...Object.fromEntries(there),
            ...(receipt === undefined ? {} : { receipt }),
            ...(attemptsBefore === undefined ? {} : { attemptsBefore }),
          },
          ...(gone.length === 0 ? {} : { $unset: Object.fromEntries(gone.map(([name]) => [name, ""])) }),
        },
      },
    ]);
  }

  async getDelivery(deliveryId: string): Promise<Delivery | undefined> {
    const [row] = await this.#database.lookUp<DeliveryDocument>(DELIVERIES, { filter: { _id: deliveryId }, limit: 1 });
    return row === undefined ? undefined : this.#rows.read(DELIVERIES, row, delivery);
  }

  async listDeliveries({ webhookId, states, limit, pageToken }: DeliveryListQuery): Promise<Page<Delivery>> {
    const after = decodePageToken("deliveries", pageToken);
    const state = { $in: [...(states.length === 0 ? DELIVERY_STATES : states)] };
    const rows = datedRows<DeliveryDocument>(this.#database, DELIVERIES, {
      ...{ filter: { webhookId, state }, field: "at", newestFirst: true, after, batchSize: limit + 1 },
    });
    return collectPage(rows, {
      limit,
      maxBytes: Limits.pageBytes,
      bytesOf: ({ body }) => BASE_BYTES + Buffer.byteLength(body),
      itemOf: (row) => this.#rows.readOrLeaveOut(DELIVERIES, row, delivery),
      tokenAfter: (row) => encodePageToken("deliveries", positionOf(row, "at")),
    });
  }

  async replayDelivery(deliveryId: string, now: number): Promise<boolean> {
    const filter = { _id: deliveryId, state: { $ne: "PENDING" } };
    const [row] = await this.#database.lookUp<DeliveryDocument>(DELIVERIES, { filter, limit: 1 });
    if (row === undefined) return false;
    return this.#database.changeOne(DELIVERIES, replayOf(this.#rows.read(DELIVERIES, row, delivery), now));
  }

  async replayDead(webhookId: string, now: number): Promise<number> {
    let replayed = 0;
    let after = "";
    for (;;) {
      const found = await this.#database.all<DeliveryDocument>(
        DELIVERIES,
        { webhookId, state: "DEAD", _id: { $gt: after } },
        { sort: { _id: 1 }, limit: REPLAYED_TOGETHER, projection: { webhookId: 1, attempts: 1 } },
      );
      const last = found.at(-1);
      if (last === undefined) return replayed;
      const dead = found.flatMap((row) => this.#rows.readOrLeaveOut(DELIVERIES, row, dueDelivery) ?? []);
      const statements = dead.map((one) => replayOf({ ...one, state: "DEAD" }, now));
      if (statements.length > 0) replayed += await this.#database.change(DELIVERIES, statements);
      after = last._id;
    }
  }

  async forgetDeliveries(before: number): Promise<void> {
    const changeable = { endedAt: { $lt: storedDate(before - CHANGEABLE_MS) } };
    const ended = { endedAt: { $lt: storedDate(before) }, receipt: { $exists: false } };
    for (const filter of [ended, changeable]) await this.#database.remove(DELIVERIES, filter);
  }

  async removeOf(webhookId: string): Promise<void> {
    await this.#database.remove(DELIVERIES, { webhookId });
  }
}

function replayOf({ deliveryId: _id, state, attempts }: DueDelivery & Pick<Delivery, "state">, now: number): Statement {
  const pending = { state: "PENDING", attemptsBefore: attempts, dueAt: storedDate(now) };
  return { q: { _id, state, attempts }, u: { $set: pending, $unset: { endedAt: "" } } };
}

function insertOf({ deliveryId: _id, at, dueAt, lastAttemptAt, endedAt, ...same }: Delivery): Statement {
  const fields: Omit<DeliveryDocument, "_id"> = {
    ...same,
    at: storedDate(at),
    ...(dueAt === undefined ? {} : { dueAt: storedDate(dueAt) }),
    ...(lastAttemptAt === undefined ? {} : { lastAttemptAt: storedDate(lastAttemptAt) }),
    ...(endedAt === undefined ? {} : { endedAt: storedDate(endedAt) }),
  };
  return { q: { _id }, u: { $setOnInsert: fields } };
}

function batchesOf(deliveries: readonly Delivery[]): readonly (readonly Delivery[])[] {
  const batches: Delivery[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const one of deliveries) {
    const size = BASE_BYTES + Buffer.byteLength(one.body);
    const batch = batches.at(-1);
    if (batch === undefined || batch.length >= COMMAND_DELIVERIES || bytes + size > COMMAND_BYTES) {
      batches.push([one]);
      bytes = size;
    } else {
      batch.push(one);
      bytes += size;
    }
  }
  return batches;
}
