// Who sits at this desk: a credential in this tab's storage, which the browser drops with the tab. It goes into a header
// of each call and nowhere else, never into an address or a cookie, so that no other page can borrow it.
import type { ProviderTokens } from "./provider.js";

const CREDENTIAL = "agentspan.credential";
const TOKENS = "agentspan.tokens";
const NAME = "agentspan.name";

export interface Session {
  /** An API key or a token; empty where nobody has signed in. */
  readonly credential: string;
  /** What came with it, where an identity provider gave it. */
  readonly tokens?: ProviderTokens | undefined;
  /** One more for each time that somebody comes or goes: a credential that is renewed is the same person's. */
  readonly turn: number;
  /** Whom decisions are made for while authentication is off; empty where nobody said. */
  readonly name: string;
  /** What the server took no longer, or never: whoever sits here is asked for another. */
  readonly refused?: Refused | undefined;
}

export interface Refused {
  /** Whether it was typed in, or an identity provider gave it. */
  readonly what: "key" | "sign-in";
  /** The server's own. */
  readonly words: string;
}

/** The part of a browser's storage that is used. */
export interface TabStorage {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
  removeItem(name: string): void;
}

type Listener = () => void;

/** Kept for one tab. Every part of the desk sees a change at once. */
export class SessionStore {
  readonly #listeners = new Set<Listener>();
  readonly #storage: TabStorage;
  #session: Session;

  constructor(storage: TabStorage) {
    this.#storage = storage;
    this.#session = {
      credential: storage.getItem(CREDENTIAL) ?? "",
      tokens: readTokens(storage.getItem(TOKENS)),
      turn: 0,
      name: storage.getItem(NAME) ?? "",
    };
  }

  readonly get = (): Session => this.#session;

  readonly subscribe = (listener: Listener): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  signIn(credential: string, tokens?: ProviderTokens): void {
    this.#keep(credential, tokens);
    this.#change({ ...this.#session, credential, tokens, turn: this.#session.turn + 1, refused: undefined });
  }

  /** Another credential of the same person. */
  renew(credential: string, tokens: ProviderTokens): void {
    this.#keep(credential, tokens);
    this.#change({ ...this.#session, credential, tokens });
  }

  /** The provider gives no other one: what there is holds until its end. */
  renewNoMore(): void {
    const { credential, tokens } = this.#session;
    if (tokens === undefined) return;
    const { refreshToken: _gone, ...rest } = tokens;
    this.renew(credential, rest);
  }

  signOut(): void {
    this.#forget(undefined);
  }

  /** The server does not take what it was shown. */
  refuse(words: string): void {
    this.#forget({ what: this.#session.tokens === undefined ? "key" : "sign-in", words });
  }

  callMyself(name: string): void {
    this.#storage.setItem(NAME, name);
    this.#change({ ...this.#session, name });
  }

  #forget(refused: Session["refused"]): void {
    this.#storage.removeItem(CREDENTIAL);
    this.#storage.removeItem(TOKENS);
    this.#change({ ...this.#session, credential: "", tokens: undefined, turn: this.#session.turn + 1, refused });
  }

  #keep(credential: string, tokens: ProviderTokens | undefined): void {
    this.#storage.setItem(CREDENTIAL, credential);
    if (tokens === undefined) this.#storage.removeItem(TOKENS);
    else this.#storage.setItem(TOKENS, JSON.stringify(tokens));
  }

  #change(session: Session): void {
    this.#session = session;
    for (const listener of this.#listeners) listener();
  }
}

/** Written by this page alone, for this tab alone. */
function readTokens(text: string | null): ProviderTokens | undefined {
  return text === null ? undefined : (JSON.parse(text) as ProviderTokens);
}

/** Why a text is no credential; undefined where it may be one. A header takes no blanks and no other alphabets. */
export function credentialProblem(text: string): string | undefined {
  if (text === "") return "Paste your API key or token.";
  if (!/^[\x21-\x7e]+$/.test(text)) return "An API key has no blanks and no other characters than plain ones.";
  return undefined;
}

/** How the desk names a credential: an API key by its id, which is no secret. */
export function credentialLabel(credential: string): string {
  const [, id] = /^agsp_([A-Za-z0-9-]{1,64})_[A-Za-z0-9_-]{43}$/.exec(credential) ?? [];
  return id === undefined ? "a token" : `key ${id}`;
}
