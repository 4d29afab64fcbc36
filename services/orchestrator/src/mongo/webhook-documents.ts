// Keeps webhooks, with the secrets that messages are signed with, and where each share of runs stands.
import { Limits } from "@agentspan/internal";
import { collectPage } from "../collect-page.js";
import { decodePageToken, encodePageToken } from "../page-token.js";
import type { ChangedRun, KeySeal, Page, Webhook, WebhookListQuery, WebhookSecret, WebhookStop } from "../ports.js";
import { RUNS } from "../run-record.js";
import type { Database } from "./database.js";
import { datedRows, positionOf } from "./dated-rows.js";
import { RowReader } from "./row-reader.js";
import type { RunDocument } from "./run-document.js";
import { storedDate } from "./stored-date.js";
import { tellableRun, tellCursor, webhook } from "./webhook-rows.js";

export const WEBHOOKS = "webhooks";
export const TELL_CURSORS = "webhookCursors";

interface WebhookDocument {
  readonly _id: string;
  readonly namespace: string;
  readonly url: string;
  readonly events: readonly string[];
  readonly agentName: string;
  readonly toolName: string;
  readonly includeArguments: boolean;
  readonly description: string;
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly requestDigest: string;
  readonly secrets: readonly WebhookSecret[];
  readonly revision: number;
  readonly changedAt: Date;
  readonly stoppedAt?: Date;
  readonly stoppedBecause?: string;
  readonly seal?: KeySeal;
}

interface CursorDocument {
  readonly _id: string;
  readonly at: Date;
}

/** Roughly, of a webhook without its texts. */
const BASE_BYTES = 1_024;

export class WebhookDocuments {
  readonly #database: Database;
  readonly #rows: RowReader;

  constructor(database: Database, rows = new RowReader()) {
    this.#database = database;
    this.#rows = rows;
  }

  async putWebhook(made: Webhook): Promise<boolean> {
    const { _id, ...fields } = documentOf(made);
    const { inserted } = await this.#database.upsert(WEBHOOKS, [{ q: { _id }, u: { $setOnInsert: fields } }]);
    return inserted.has(0);
  }

  async getWebhook(webhookId: string): Promise<Webhook | undefined> {
    const [row] = await this.#database.lookUp<WebhookDocument>(WEBHOOKS, { filter: { _id: webhookId }, limit: 1 });
    return row === undefined ? undefined : this.#rows.read(WEBHOOKS, row, webhook);
  }

  async listWebhooks({ namespace, limit, pageToken }: WebhookListQuery): Promise<Page<Webhook>> {
    const after = decodePageToken("webhooks", pageToken);
    const rows = datedRows<WebhookDocument>(this.#database, WEBHOOKS, {
      ...{ filter: { namespace }, field: "createdAt", newestFirst: true, after, batchSize: limit + 1 },
    });
    return collectPage(rows, {
      limit,
      maxBytes: Limits.pageBytes,
      bytesOf: ({ url, description }) => BASE_BYTES + url.length + description.length,
      itemOf: (row) => this.#rows.readOrLeaveOut(WEBHOOKS, row, webhook),
      tokenAfter: (row) => encodePageToken("webhooks", positionOf(row, "createdAt")),
    });
  }

  async allWebhooks(): Promise<readonly Webhook[]> {
    const rows = await this.#database.all<WebhookDocument>(WEBHOOKS, {});
    return rows.flatMap((row) => this.#rows.readOrLeaveOut(WEBHOOKS, row, webhook) ?? []);
  }

  replaceWebhook(changed: Webhook): Promise<boolean> {
    const { stopped: _, ...kept } = changed;
    const { _id, ...fields } = documentOf(kept);
    const unset = changed.seal === undefined ? { $unset: { seal: "" } } : {};
    const q = { _id, revision: changed.revision - 1 };
    return this.#database.changeOne(WEBHOOKS, { q, u: { $set: fields, ...unset } });
  }

  async stopWebhook(webhookId: string, { at, why }: WebhookStop): Promise<void> {
    const q = { _id: webhookId, stoppedAt: { $exists: false } };
    const u = { $set: { stoppedAt: storedDate(at), stoppedBecause: why } };
    await this.#database.change(WEBHOOKS, [{ q, u }]);
  }

  async deleteWebhook(namespace: string, webhookId: string): Promise<boolean> {
    const filter = { _id: webhookId, namespace };
    const [row] = await this.#database.lookUp(WEBHOOKS, { filter, limit: 1, projection: { _id: 1 } });
    if (row === undefined) return false;
    await this.#database.remove(WEBHOOKS, filter);
    return true;
  }

  /** Those of a newer version too: whoever cannot read them must know that they are there. */
  async listTellable(since: number, limit: number): Promise<readonly ChangedRun[]> {
    const rows = this.#database.scan<RunDocument>(
      RUNS,
      { tellAt: { $gte: storedDate(since) } },
      { sort: { tellAt: 1 }, batchSize: limit, projection: { _id: 1, v: 1, tellAt: 1 } },
    );
    return this.#rows.first(limit, RUNS, rows, tellableRun);
  }

  async readTellCursor(share: number): Promise<number | undefined> {
    const filter = { _id: cursorId(share) };
    const [cursor] = await this.#database.lookUp<CursorDocument>(TELL_CURSORS, { filter, limit: 1 });
    return cursor && this.#rows.readOrLeaveOut(TELL_CURSORS, cursor, tellCursor);
  }

  async moveTellCursor(share: number, at: number): Promise<void> {
    const q = { _id: cursorId(share) };
    await this.#database.upsert(TELL_CURSORS, [{ q, u: { $max: { at: storedDate(at) } } }]);
  }
}

function cursorId(share: number): string {
  return `share ${share}`;
}

function documentOf({ webhookId, createdAt, changedAt, stopped, ...same }: Webhook): WebhookDocument {
  return {
    _id: webhookId,
    ...same,
    createdAt: storedDate(createdAt),
    changedAt: storedDate(changedAt),
    ...(stopped === undefined ? {} : { stoppedAt: storedDate(stopped.at), stoppedBecause: stopped.why }),
  };
}
