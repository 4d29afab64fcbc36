// API keys: those of the environment, and those that are stored, which orchestrators know.
//
// A stored key is asked for by its id, and what is known of it is kept for 2 s, so that a revocation holds well within
// 5 s, a busy key costs one question in so long, and a wrong secret costs none.
import { timingSafeEqual } from "node:crypto";
import { AgentspanError, type Logger, type PresentedApiKey, readApiKey } from "@agentspan/internal";
import { type Identity, Refused, subjectProblem, type Verifier } from "./identity.js";

/** What is known of a key. Never its secret. */
export interface KnownKey {
  readonly keyId: string;
  readonly secretSha256: Uint8Array;
  readonly owner: string;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
  readonly namespace: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number;
  readonly revoked?: boolean;
}

export interface ApiKeysOptions {
  /** Keys of the environment. One of them goes before a stored one of the same id. */
  readonly configured: readonly KnownKey[];
  /** Asks an orchestrator; `used` says that the secret was right. Undefined where there is no such key. */
  readonly ask: (keyId: string, used: boolean) => Promise<KnownKey | undefined>;
  readonly log: Logger;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

const KNOWN_FOR_MS = 2_000;
const MOST_REMEMBERED = 10_000;
/** How often an orchestrator is told that a key is in use. */
const USE_TOLD_EVERY_MS = 5 * 60_000;
const NO_HASH = new Uint8Array(32);
const WRONG = "This API key is not one that this server knows. Check that it is whole, and of this server.";

interface Remembered {
  readonly at: number;
  readonly key: Promise<KnownKey | undefined>;
}

export class ApiKeys implements Verifier {
  readonly #configured: ReadonlyMap<string, KnownKey>;
  readonly #options: ApiKeysOptions;
  readonly #now: () => number;
  /** By id, the oldest first. */
  readonly #remembered = new Map<string, Remembered>();
  readonly #useTold = new Map<string, number>();

  constructor(options: ApiKeysOptions) {
    this.#options = options;
    this.#configured = new Map(options.configured.map((key) => [key.keyId, key]));
    this.#now = options.now ?? Date.now;
  }

  readonly takes = (credential: string): boolean => credential.startsWith("agsp_");

  readonly verify = async (credential: string): Promise<Identity> => {
    const presented = readApiKey(credential);
    if (presented === undefined) {
      throw new Refused("malformed", "This is not a whole API key: it has the form agsp_<id>_<secret>, on one line.");
    }
    const identity = identityOf(await this.#good(presented), async () => {
      await this.#good(presented);
    });
    this.#tellUse(presented.keyId);
    return identity;
  };

  /**
   * Whose key it is, for somebody who is known by other means than by having it. Rejects with Refused where it is not good,
   * and with an UNAVAILABLE error where nobody can tell.
   */
  readonly holder = async (keyId: string): Promise<Identity> => {
    const good = async (): Promise<KnownKey> => {
      const key = this.#configured.get(keyId) ?? (await this.#stored(keyId));
      if (key === undefined) throw new Refused("unknown key", WRONG);
      return this.#inTime(key);
    };
    const identity = identityOf(await good(), async () => {
      await good();
    });
    this.#tellUse(keyId);
    return identity;
  };

  async #good({ keyId, secretSha256 }: PresentedApiKey): Promise<KnownKey> {
    const key = this.#configured.get(keyId) ?? (await this.#stored(keyId));
    // Compared also where there is none, and before anything else is told, so that neither the answer nor its time says
    // which ids there are.
    const right = timingSafeEqual(secretSha256, key?.secretSha256 ?? NO_HASH);
    if (key === undefined || !right) throw new Refused("unknown key", WRONG);
    return this.#inTime(key);
  }

  #inTime(key: KnownKey): KnownKey {
    const { keyId } = key;
    if (key.revoked === true) throw new Refused("revoked", `API key ${keyId} has been revoked. Use another.`);
    if (key.expiresAt !== undefined && key.expiresAt <= this.#now()) {
      throw new Refused(
        "expired",
        `API key ${keyId} expired at ${new Date(key.expiresAt).toISOString()}. Use another.`,
      );
    }
    return key;
  }

  #stored(keyId: string): Promise<KnownKey | undefined> {
    const now = performance.now();
    const known = this.#remembered.get(keyId);
    if (known !== undefined && now - known.at < KNOWN_FOR_MS) return known.key;
    const key = this.#options.ask(keyId, false);
    this.#remember(keyId, { at: now, key });
    // That nobody could be asked is not remembered.
    key.catch(() => {
      if (this.#remembered.get(keyId)?.key === key) this.#remembered.delete(keyId);
    });
    return key;
  }

  #remember(keyId: string, remembered: Remembered): void {
    this.#remembered.delete(keyId);
    this.#remembered.set(keyId, remembered);
    if (this.#remembered.size <= MOST_REMEMBERED) return;
    const [oldest] = this.#remembered.keys();
    if (oldest !== undefined) this.#remembered.delete(oldest);
  }

  /** Not awaited: a use that is not written down harms nobody. */
  #tellUse(keyId: string): void {
    const now = performance.now();
    if (
      this.#configured.has(keyId) ||
      now - (this.#useTold.get(keyId) ?? Number.NEGATIVE_INFINITY) < USE_TOLD_EVERY_MS
    ) {
      return;
    }
    this.#useTold.set(keyId, now);
    this.#options.ask(keyId, true).catch((error: unknown) => {
      this.#useTold.delete(keyId);
      this.#options.log.debug({ err: AgentspanError.from(error), keyId }, "The use of a key was not written down");
    });
  }
}

function identityOf(key: KnownKey, stillGood: () => Promise<void>): Identity {
  const { keyId, owner, roles, groups, namespace, expiresAt } = key;
  // One that an older version took: its owner could be a second spelling of somebody.
  const problem = subjectProblem(owner);
  if (problem !== undefined) {
    throw new Refused("name", `The owner of API key ${keyId} cannot be a name: it ${problem}. Create another key.`);
  }
  const caller = { subject: owner, roles, groups, method: "api_key", credentialId: keyId } as const;
  return { caller, namespace, shown: { expiresAt }, stillGood };
}
