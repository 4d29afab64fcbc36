// Keeps in the audit what was refused of what people asked of an approval, a grant or a key. Whoever refuses appends, before the answer.
import {
  AgentspanError,
  faultPoint,
  type Logger,
  type SigningKey,
  sleep,
  systemTime,
  type Time,
} from "@agentspan/internal";
import type { Clock } from "../clock.js";
import type { AuditRecord, AuditStore, FoundAudit } from "../ports.js";
import type { AuditFact } from "./audit-facts.js";
import { recordOf } from "./seal-records.js";

/** What somebody asked in vain. */
export interface Refusal {
  /** Or what stands for it, where it is of none. */
  readonly run: string;
  readonly namespace: string;
  readonly tool: string;
  /** approve, reject, respond or settle; or create_grant, create_key or create_webhook and so on. */
  readonly asked: string;
  /**
   * Of a decision `approval`, `decision` and the `digest` of the arguments that they said to have seen; of a grant or a key
   * what of it was asked for. What is empty was not said.
   */
  readonly about: Readonly<Record<string, string>>;
  readonly who: string;
  readonly onBehalfOf: string;
  readonly method: string;
  readonly credentialId: string;
  readonly address: string;
  readonly error: AgentspanError;
}

export interface RefusalsOptions {
  readonly store: Pick<AuditStore, "newestAudit" | "appendAudit">;
  readonly clock: Clock;
  readonly key?: SigningKey | undefined;
  readonly log: Logger;
  readonly time?: Time | undefined;
}

/**
 * Of one run in one minute, by one orchestrator; what is more is counted. A hundred people who decide at once are all named,
 * also where each was not answered and asked once more.
 */
export const MOST_REFUSALS = 250;
const MINUTE_MS = 60_000;
const MOST_TRIES = 10;

interface Tally {
  readonly begun: number;
  readonly namespace: string;
  written: number;
  /** Not written, but counted. */
  more: number;
}

type Pending = Omit<AuditFact, "sequence"> & { readonly namespace: string };

export class Refusals {
  private readonly tallies = new Map<string, Tally>();
  /** What waits to be appended to a run's chain, and whoever appends it. */
  private readonly queues = new Map<string, { readonly pending: Pending[]; appending: Promise<void> }>();

  constructor(private readonly options: RefusalsOptions) {}

  /** Resolves when it is stored, or counted. Never rejects: what cannot be stored is logged. */
  async note(refusal: Refusal): Promise<void> {
    const { run, namespace, error, tool, about, who, onBehalfOf, ...rest } = refusal;
    const at = this.options.clock.now();
    const tally = await this.tallyOf(run, namespace, at);
    if (tally.written >= MOST_REFUSALS) {
      tally.more += 1;
      return;
    }
    tally.written += 1;
    const { winner } = error.metadata;
    const people = [...new Set([who, onBehalfOf])].filter((person) => person !== "");
    const says = {
      tool,
      ...shown({ ...about, ...rest, who, onBehalfOf }),
      reason: error.reason,
      message: error.message,
      winner,
    };
    await this.append(run, { at, namespace, kind: "refused", people, tool, says });
  }

  /** Writes down how many more there were, of the minutes that are over; or of all. */
  async count(all = false): Promise<void> {
    const now = this.options.clock.now();
    const over = [...this.tallies].filter(([, { begun }]) => all || now - begun >= MINUTE_MS);
    await Promise.all(over.map(([run, tally]) => this.close(run, tally, now)));
  }

  private async tallyOf(run: string, namespace: string, now: number): Promise<Tally> {
    const known = this.tallies.get(run);
    if (known !== undefined && now - known.begun < MINUTE_MS) return known;
    const tally: Tally = { begun: now, namespace, written: 0, more: 0 };
    this.tallies.set(run, tally);
    if (known !== undefined) await this.tell(run, known, now);
    return tally;
  }

  private async close(run: string, tally: Tally, now: number): Promise<void> {
    if (this.tallies.get(run) === tally) this.tallies.delete(run);
    await this.tell(run, tally, now);
  }

  private async tell(run: string, { namespace, begun, more }: Tally, at: number): Promise<void> {
    if (more === 0) return;
    const says = { more, from: begun, to: at };
    await this.append(run, { at, namespace, kind: "refusals_counted", people: [], tool: "", says });
  }

  private append(run: string, pending: Pending): Promise<void> {
    const queue = this.queues.get(run);
    if (queue !== undefined && queue.pending.length > 0) {
      queue.pending.push(pending);
      return queue.appending;
    }
    // Those that come while others are being written are written together after them.
    const waiting = [pending];
    const before = queue?.appending ?? Promise.resolve();
    const appending = before
      .then(() => this.write(run, waiting))
      .finally(() => {
        if (this.queues.get(run)?.pending === waiting) this.queues.delete(run);
      });
    this.queues.set(run, { pending: waiting, appending });
    return appending;
  }

  /** Takes all that wait. Another orchestrator may append too: then the rest follows on what it wrote. */
  private async write(run: string, waiting: Pending[]): Promise<void> {
    const { store, log } = this.options;
    let left = waiting.splice(0);
    let tried: readonly AuditRecord[] = [];
    for (let tries = 1; left.length > 0; tries += 1) {
      try {
        const newest = await store.newestAudit(run, "refused");
        // The answer to the try before may have been lost: what is there has its hash.
        left = left.slice(tried.findIndex(({ hash }) => hash === newest?.hash) + 1);
        tried = this.recordsAfter(newest, run, left);
        faultPoint("orchestrator.before-refusal");
        left = left.slice(await store.appendAudit(tried));
        faultPoint("orchestrator.after-refusal");
        tried = [];
      } catch (thrown) {
        const { reason, retryable } = AgentspanError.from(thrown);
        if (retryable && tries < MOST_TRIES) continue;
        log.error({ runId: run, refusals: left.length, reason }, "Refusals are missing in the audit");
        return;
      }
      if (left.length === 0) return;
      if (tries >= MOST_TRIES * (left.length + 1)) {
        log.error(
          { runId: run, refusals: left.length },
          "Others append all the time: refusals are missing in the audit",
        );
        return;
      }
      await sleep(this.options.time ?? systemTime, Math.random() * 20);
    }
  }

  private recordsAfter(newest: FoundAudit | undefined, run: string, left: readonly Pending[]): readonly AuditRecord[] {
    const records: AuditRecord[] = [];
    const { sequence = 0, hash = "", at = 0 } = newest ?? {};
    let before: Pick<AuditRecord, "sequence" | "hash" | "at"> = { sequence, hash, at };
    for (const { namespace, ...fact } of left) {
      const chain = { run, namespace, chain: "refused" } as const;
      // Another's clock may be a little ahead, and entries are listed by time.
      const placed = { ...fact, sequence: before.sequence + 1, at: Math.max(fact.at, before.at) };
      const sealing = { key: this.options.key, now: this.options.clock.now() };
      before = recordOf(chain, placed, before.hash, sealing);
      records.push(before as AuditRecord);
    }
    return records;
  }
}

/** Without what is empty. */
function shown(says: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(says).filter(([, text]) => text !== ""));
}
