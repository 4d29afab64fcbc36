// Makes the links by which one person decides one approval. A link is nothing but its signature: what becomes of it is
// known from the run, where its id is that of the decision that was made by it, so each decides once and none is stored.
//
// That it was made is in the audit before anybody has it. Who asks again under the same key gets the same link.
import {
  AgentspanError,
  DECISION_LINK_PATH,
  type DecisionLinkStatement,
  decisionLinkToken,
  digestOf,
  linkIdOf,
  personNameProblem,
  type Signing,
} from "@agentspan/internal";
import type { Author } from "./audit/grant-ledger.js";
import { saidIn } from "./audit/said-in.js";
import { recordOf } from "./audit/seal-records.js";
import type { Clock } from "./clock.js";
import type { AuditStore } from "./ports.js";

export interface DecisionLinksOptions {
  readonly store: Pick<AuditStore, "newestAudit" | "appendAudit">;
  readonly clock: Clock;
  /** Links are signed, or there are none: absent where orchestrators have no keys. */
  readonly signing?: Signing | undefined;
  /** Where people reach the gateways: "https://agents.acme.test"; absent, a link has no address, but a token. */
  readonly publicUrl?: string | undefined;
}

/** For whom a link is made, and about what. */
export interface NewDecisionLink extends Omit<DecisionLinkStatement, "link" | "at"> {
  /** The same key in a namespace is the same link: of a message that is sent again, its id and the person. */
  readonly key: string;
  /** Who made it; absent where the server did, to tell somebody. */
  readonly author?: Author;
}

export interface DecisionLink {
  readonly linkId: string;
  /** What the gateway's page of it is found by. */
  readonly token: string;
  /** Whole where the installation knows its address, and else its path, which begins with "/". */
  readonly url: string;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

export class DecisionLinks {
  constructor(private readonly options: DecisionLinksOptions) {}

  /** Whether a link can be sent to somebody: there is a key to sign it with, and an address to put before it. */
  get canBeSent(): boolean {
    return this.options.signing !== undefined && this.options.publicUrl !== undefined;
  }

  /**
   * Rejects with INVALID_REQUEST where there are no keys, or for a person who has no name; with IDEMPOTENCY_KEY_REUSED
   * where the key made another link.
   */
  async issue({ key, author, ...asked }: NewDecisionLink): Promise<DecisionLink> {
    const { clock, signing, publicUrl = "" } = this.options;
    if (signing === undefined) throw withoutKeys();
    const problem = personNameProblem(asked.person);
    if (problem !== undefined) throw new AgentspanError("INVALID_REQUEST", `The person's name ${problem}.`);
    const now = Math.floor(clock.now());
    const made = { ...asked, link: linkIdOf(asked.namespace, key), at: now };
    const statement = await this.recorded(made, author, signing);
    const token = decisionLinkToken(statement, signing.key);
    const url = `${publicUrl.replace(/\/+$/, "")}${DECISION_LINK_PATH}${token}`;
    return { linkId: statement.link, token, url, until: statement.until };
  }

  /** As it stands in the audit: of the first time that it was asked for. */
  private async recorded(
    made: DecisionLinkStatement,
    author: Author | undefined,
    signing: Signing,
  ): Promise<DecisionLinkStatement> {
    const { store, clock } = this.options;
    const { link: run, namespace, run: about, at, until, ...terms } = made;
    const request = digestOf(JSON.stringify([about, terms.approval, terms.digest, terms.person, author?.who ?? ""]));
    const says = { ...terms, about, until, ...shown(author), request };
    const people = [...new Set([author?.who ?? "", made.person])].filter((person) => person !== "");
    const fact = { sequence: 1, at, kind: "link_made", people, tool: made.tool, says } as const;
    const chain = { run, namespace, chain: "link" } as const;
    const appended = await store.appendAudit([recordOf(chain, fact, "", { key: signing.key, now: clock.now() })]);
    if (appended === 1) return made;
    const before = await store.newestAudit(run, "link");
    const said = before === undefined ? {} : saidIn(before);
    if (said.request !== request || typeof said.at !== "number" || typeof said.until !== "number") {
      throw new AgentspanError(
        "IDEMPOTENCY_KEY_REUSED",
        "Another decision link was made with this idempotency key. Use a fresh key for another link.",
      );
    }
    const { preview: _, ...kept } = made;
    const seen = typeof said.preview === "string" ? { preview: said.preview } : {};
    return { ...kept, ...seen, at: said.at, until: said.until };
  }
}

export function withoutKeys(): AgentspanError {
  return new AgentspanError(
    "INVALID_REQUEST",
    "There are no decision links here: orchestrators have no signing keys. Make them with agentspan signing-keys create.",
  );
}

/** Without what is empty. */
function shown(author: Author | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(author ?? {}).filter(([, text]) => text !== ""));
}
