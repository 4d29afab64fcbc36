// What became of standing grants, as entries of the audit: made, each use, revoked. It is what counts.
//
// 1. A grant's entries are a chain in which each place is taken once, by an insert. So two orchestrators never take one
//    use, none is taken after a revocation, and none is given out again: nothing of ours changes or deletes an entry.
// 2. How a grant stands is read from the newest entry, whose signature is believed and nothing else. The document of the
//    grant has a count and a revocation only to be found and shown by.
// 3. A use is in the chain before the run that it is for goes on. Whoever dies in between leaves it to whoever goes on with
//    that call, as long as it is the newest; it is wasted otherwise.
import { AgentspanError, auditText, digestOf, faultPoint, type Logger, type Signing } from "@agentspan/internal";
import type { Clock } from "../clock.js";
import { grantVersion } from "../grant-terms.js";
import type { AuditStore, FoundAudit, StandingGrant } from "../ports.js";
import type { AuditFact } from "./audit-facts.js";
import { saidIn } from "./said-in.js";
import { recordOf } from "./seal-records.js";

export interface GrantLedgerOptions {
  readonly store: Pick<AuditStore, "newestAudit" | "appendAudit" | "listAudit">;
  readonly clock: Clock;
  /** Signs entries, and says whose are believed; absent where orchestrators have no keys. */
  readonly signing?: Signing | undefined;
  readonly log: Logger;
}

/** Who makes or revokes a grant, and how that is known. */
export interface Author {
  readonly who: string;
  readonly onBehalfOf: string;
  readonly method: string;
  readonly credentialId: string;
  readonly address: string;
}

/** For which call of which run a use is taken. */
export interface UsedFor {
  readonly usedBy: string;
  readonly call: string;
}

export interface Taking {
  readonly taken: boolean;
  /** How many uses there are by now, that one among them; absent where it is not known. */
  readonly uses?: number | undefined;
}

/** Others may append to the same chain at the same time. */
const MOST_TRIES = 16;
const MOST_REMEMBERED = 10_000;

type Entry = Omit<AuditFact, "sequence" | "at">;

export class GrantLedger {
  /** How far chains were, as this process knows: entries that are gone since were taken out. */
  private readonly seen = new Map<string, number>();

  constructor(private readonly options: GrantLedgerOptions) {}

  /**
   * Writes down that a grant was made. Resolves to when, by what is there where it was made before, with the digest of
   * the same request. Rejects with IDEMPOTENCY_KEY_REUSED where with another.
   */
  async made(grant: StandingGrant, author: Author, request: string): Promise<number> {
    const { agentName: agent, toolName: tool, rule, maxUses, expiresAt, description, by } = grant;
    const terms = { version: grantVersion(grant), agent, tool, rule, maxUses, expiresAt, description };
    const says = { ...terms, ...shown(author), groups: by.groups, authenticated: by.authenticated, request };
    const entry = { kind: "grant_made", people: peopleOf(author), tool, says } as const;
    const placed = { ...entry, sequence: 1, at: grant.createdAt };
    if ((await this.append(grant, undefined, placed)) === 1) return grant.createdAt;
    const { grantId: run, namespace } = grant;
    const { items } = await this.options.store.listAudit({ namespace, run, kinds: ["grant_made"], limit: 1 });
    const [before] = items;
    if (before === undefined || saidIn(before).request !== request) {
      throw new AgentspanError(
        "IDEMPOTENCY_KEY_REUSED",
        "Another standing grant was made with this idempotency key. Use a fresh key for another grant.",
      );
    }
    return before.at ?? grant.createdAt;
  }

  /** Takes the next use, for one caller alone, unless there is none, or the chain is not believed. */
  async take(grant: StandingGrant, usedFor: UsedFor): Promise<Taking> {
    const { clock } = this.options;
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const newest = await this.newestOf(grant);
      if (newest === undefined) return { taken: false };
      const uses = usesIn(newest);
      const now = clock.now();
      const over = saidIn(newest).kind === "grant_revoked" || grant.expiresAt <= now;
      if (over || uses === undefined) return { taken: false, uses };
      // Taken for this very call, by somebody who died before the run went on or whose answer was lost. Where two of them
      // live, the run goes on with one of them, and so with one use.
      if (isFor(newest, usedFor)) return { taken: true, uses };
      if (uses >= grant.maxUses) return { taken: false, uses };
      const { who, onBehalfOf = "" } = grant.by;
      const use = uses + 1;
      const by = onBehalfOf === "" ? { who } : { who, onBehalfOf };
      const says = { use, of: grant.maxUses, version: grantVersion(grant), ...usedFor, tool: grant.toolName, ...by };
      const people = peopleOf({ who, onBehalfOf });
      const entry = { kind: "grant_used", people, tool: grant.toolName, says } as const;
      const placed = { ...entry, sequence: newest.sequence + 1, at: Math.max(now, newest.at ?? 0) };
      faultPoint("orchestrator.before-grant-use");
      const appended = await this.append(grant, newest, placed);
      faultPoint("orchestrator.after-grant-use");
      if (appended === 1) return { taken: true, uses: use };
    }
    return { taken: false };
  }

  /** Writes down that a grant was revoked: no use is taken from then on. The first revocation stays. */
  async revoked(grant: StandingGrant, author: Author): Promise<void> {
    const { store, clock } = this.options;
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const newest = await store.newestAudit(grant.grantId, "grant");
      const isRevoked = newest !== undefined && saidIn(newest).kind === "grant_revoked";
      if (isRevoked && this.problemOf(grant, newest) === undefined) return;
      const tool = grant.toolName;
      const says = { ...shown(author), version: grantVersion(grant), uses: newest && usesIn(newest), tool };
      const entry: Entry = { kind: "grant_revoked", people: peopleOf(author), tool, says };
      const placed = { ...entry, sequence: (newest?.sequence ?? 0) + 1, at: Math.max(clock.now(), newest?.at ?? 0) };
      if ((await this.append(grant, newest, placed)) === 1) return;
    }
    throw new AgentspanError(
      "CONFLICT",
      `Standing grant ${grant.grantId} is being used all the time. Revoke it again.`,
    );
  }

  /** Undefined, and an error in the log, where what is there is not what orchestrators wrote. */
  private async newestOf(grant: StandingGrant): Promise<FoundAudit | undefined> {
    const { store, log } = this.options;
    const { grantId } = grant;
    const newest = await store.newestAudit(grantId, "grant");
    const known = this.seen.get(grantId) ?? 1;
    const gone = newest === undefined || newest.sequence < known;
    const problem = gone ? "entries were taken out of it" : this.problemOf(grant, newest);
    if (problem === undefined && newest !== undefined) {
      this.remember(grantId, newest.sequence);
      return newest;
    }
    log.error({ grantId, problem }, "What the audit says of a standing grant is not believed; it lets nothing run");
    return undefined;
  }

  private problemOf(
    { grantId: run }: StandingGrant,
    { sequence, text, hash, signature }: FoundAudit,
  ): string | undefined {
    if (text === undefined || hash === undefined) return "its newest entry cannot be read";
    if (digestOf(text) !== hash) return "its newest entry was changed";
    const { signing } = this.options;
    if (signing === undefined) return undefined;
    if (signature === undefined) return "its newest entry is not signed";
    const { keyId, at } = signature;
    return signing.trusted.problem("orchestrators", {
      text: auditText({ run, chain: "grant", sequence, hash, at }),
      keyId,
      signature: Buffer.from(signature.signature, "base64url"),
      at,
    });
  }

  private append(grant: StandingGrant, before: FoundAudit | undefined, fact: AuditFact): Promise<number> {
    const { store, clock, signing } = this.options;
    const chain = { run: grant.grantId, namespace: grant.namespace, chain: "grant" } as const;
    const record = recordOf(chain, fact, before?.hash ?? "", { key: signing?.key, now: clock.now() });
    return store.appendAudit([record]);
  }

  private remember(grantId: string, sequence: number): void {
    if (this.seen.size > MOST_REMEMBERED) this.seen.clear();
    this.seen.set(grantId, sequence);
  }
}

/** How many uses there were by then; undefined where an entry does not say so. */
function usesIn(record: FoundAudit): number | undefined {
  const { kind, use, uses } = saidIn(record);
  if (kind === "grant_made") return 0;
  const said = kind === "grant_used" ? use : uses;
  return typeof said === "number" && Number.isSafeInteger(said) && said >= 0 ? said : undefined;
}

function isFor(record: FoundAudit, { usedBy, call }: UsedFor): boolean {
  const said = saidIn(record);
  return said.kind === "grant_used" && said.usedBy === usedBy && said.call === call;
}

function peopleOf({ who, onBehalfOf }: Pick<Author, "who" | "onBehalfOf">): readonly string[] {
  return [...new Set([who, onBehalfOf])].filter((person) => person !== "");
}

/** Without what is empty. */
function shown(author: Author): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(author).filter(([, text]) => text !== ""));
}
