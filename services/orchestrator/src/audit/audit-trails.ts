// What the audit has of a run, and what it lacks.
import { AgentspanError, type Logger, type SigningKey } from "@agentspan/internal";
import type { Clock } from "../clock.js";
import type { Run } from "../core/index.js";
import type { History } from "../history.js";
import type { AuditRecord, Store } from "../ports.js";
import { auditFacts, type PolicyOf } from "./audit-facts.js";
import { type ChainOf, recordOf } from "./seal-records.js";

export interface AuditTrailsOptions {
  readonly store: Pick<Store, "load" | "getAgent" | "readAuditChain">;
  readonly history: History;
  readonly clock: Clock;
  readonly key?: SigningKey | undefined;
  readonly log: Logger;
}

interface Head {
  readonly sequence: number;
  readonly hash: string;
}

const MOST_HEADS = 20_000;
const MOST_POLICIES = 256;

export class AuditTrails {
  /** The newest entry of runs that this process wrote, so that it need not read what is there. */
  private readonly heads = new Map<string, Head>();
  private readonly policies = new Map<string, ReadonlyMap<string, string>>();

  constructor(private readonly options: AuditTrailsOptions) {}

  /**
   * The entries that the audit lacks of a run, in order. Rejects where the run cannot be read. `anew` compares all that
   * is there too, whatever this process remembers.
   */
  async missing(runId: string, { anew = false } = {}): Promise<readonly AuditRecord[]> {
    const { store, history, clock, key, log } = this.options;
    const stored = await store.load(runId, "majority");
    if (stored === undefined) return [];
    const facts = auditFacts(await history.after(stored, 0), await this.policyOf(stored.run));
    const chain: ChainOf = { run: runId, namespace: stored.run.namespace, chain: "run" };
    const sealing = { key, now: clock.now() };
    const written = this.heads.get(runId);
    const head = anew ? undefined : written;
    const known = head === undefined ? await store.readAuditChain(runId, "run") : [head];
    const hashes = new Map(known.map(({ sequence, hash }) => [sequence, hash]));
    const records: AuditRecord[] = [];
    let previous = head?.hash ?? "";
    for (const fact of facts) {
      if (head !== undefined && fact.sequence <= head.sequence) continue;
      const hash = hashes.get(fact.sequence);
      // What is there is not computed anew unless it is to be compared, and never signed again.
      const record = recordOf(chain, fact, previous, hash === undefined ? sealing : { ...sealing, key: undefined });
      if (hash === undefined) {
        records.push(record);
        if (written !== undefined && fact.sequence <= written.sequence) {
          log.error({ runId, sequence: fact.sequence }, "An entry of the audit was taken out; it is put there again");
        }
      } else if (hash !== record.hash) {
        log.error({ runId, sequence: fact.sequence }, "An entry of the audit is not what the run's events say");
      }
      // Whatever it says, the next one follows on what is there.
      previous = hash ?? record.hash;
    }
    return records;
  }

  /** Entries were written, but those with the ids taken: what is there in their place is read the next time. */
  stored(records: readonly AuditRecord[], taken: ReadonlySet<string>): void {
    for (const { run, sequence, hash } of records) {
      this.heads.delete(run);
      this.heads.set(run, { sequence, hash });
    }
    for (const { id, run } of records) if (taken.has(id)) this.heads.delete(run);
    for (const [oldest] of this.heads) {
      if (this.heads.size <= MOST_HEADS) break;
      this.heads.delete(oldest);
    }
  }

  /** As the pinned definition has them, word for word: what a newer version reads into them is another matter. */
  private async policyOf({ namespace, agentName, agentVersion }: Run): Promise<PolicyOf> {
    const key = `${namespace}/${agentName}/${agentVersion}`;
    const known = this.policies.get(key);
    if (known !== undefined) return (tool) => known.get(tool) ?? "";
    const agent = await this.options.store.getAgent(namespace, agentName, agentVersion);
    if (agent === undefined) throw new AgentspanError("AGENT_NOT_FOUND", `Agent ${key} is gone.`);
    const policies = policiesIn(agent.definition);
    this.policies.set(key, policies);
    const [oldest] = this.policies.keys();
    if (this.policies.size > MOST_POLICIES && oldest !== undefined) this.policies.delete(oldest);
    return (tool) => policies.get(tool) ?? "";
  }
}

/** By tool. A definition is stored as RFC 8785 text, whose members keep their order when they are read and written. */
function policiesIn(definition: string): ReadonlyMap<string, string> {
  const { tools = [] } = JSON.parse(definition) as { tools?: readonly { name?: string; approval?: unknown }[] };
  return new Map(
    tools.flatMap(({ name, approval }) =>
      name === undefined || approval === undefined ? [] : [[name, JSON.stringify(approval)] as const],
    ),
  );
}
