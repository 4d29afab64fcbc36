// The webhooks of all namespaces as this process knows them: read now and then, so that a commit asks nobody whether
// somebody is to be told of it.
import type { Logger, Signing } from "@agentspan/internal";
import type { Webhook, WebhookStore } from "../ports.js";
import { webhookProblem } from "./seals.js";

export interface WebhookDirectoryOptions {
  readonly store: Pick<WebhookStore, "allWebhooks">;
  readonly signing: Signing | undefined;
  readonly log: Logger;
}

export class WebhookDirectory {
  private byNamespace: ReadonlyMap<string, readonly Webhook[]> = new Map();
  /** Of rows that were read before: what they say, and whether it is believed. */
  private believed = new Map<string, { readonly row: string; readonly believed: boolean }>();
  private told = 0;
  private kept = 0;

  constructor(private readonly options: WebhookDirectoryOptions) {}

  /** Resolves to whether others are to be told than before. */
  async refresh(): Promise<boolean> {
    const all = await this.options.store.allWebhooks();
    const before = this.believed;
    this.believed = new Map(all.map((webhook) => [webhook.webhookId, this.judge(webhook, before)]));
    const told = all.filter((webhook) => webhook.stopped === undefined && this.isBelieved(webhook));
    const known = new Set([...this.byNamespace.values()].flat().map(({ webhookId }) => webhookId));
    const byNamespace = new Map<string, Webhook[]>();
    for (const webhook of told) {
      byNamespace.set(webhook.namespace, [...(byNamespace.get(webhook.namespace) ?? []), webhook]);
    }
    this.byNamespace = byNamespace;
    this.told = told.length;
    this.kept = all.length;
    return told.some(({ webhookId }) => !known.has(webhookId));
  }

  /** Whether anybody is told of what happens. */
  get any(): boolean {
    return this.told > 0;
  }

  /** Whether there are any at all, for which something may be due. */
  get anyKept(): boolean {
    return this.kept > 0;
  }

  of(namespace: string): readonly Webhook[] {
    return this.byNamespace.get(namespace) ?? [];
  }

  /** When the oldest was made: nobody is told of what was before. */
  get since(): number {
    return Math.min(...[...this.byNamespace.values()].flat().map(({ createdAt }) => createdAt));
  }

  private isBelieved({ webhookId }: Webhook): boolean {
    return this.believed.get(webhookId)?.believed === true;
  }

  private judge(webhook: Webhook, before: WebhookDirectory["believed"]) {
    const { stopped: _, ...sealed } = webhook;
    const row = JSON.stringify(sealed);
    const known = before.get(webhook.webhookId);
    if (known?.row === row) return known;
    const problem = webhookProblem(webhook, this.options.signing);
    if (problem !== undefined) {
      this.options.log.error(
        { webhookId: webhook.webhookId, problem },
        "A stored webhook is not believed, and is sent nothing",
      );
    }
    return { row, believed: problem === undefined };
  }
}
