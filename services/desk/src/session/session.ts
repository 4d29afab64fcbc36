// Who sits at this desk: a credential in this tab's storage, which the browser drops with the tab. It goes into a header
// of each call and nowhere else, never into an address or a cookie, so that no other page can borrow it.
const CREDENTIAL = "agentspan.credential";
const NAME = "agentspan.name";

export interface Session {
  /** An API key or a token; empty where nobody has signed in. */
  readonly credential: string;
  /** Whom decisions are made for while authentication is off; empty where nobody said. */
  readonly name: string;
  /** The server took the credential no longer, or never: whoever sits here is asked for another. */
  readonly refused: boolean;
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
      name: storage.getItem(NAME) ?? "",
      refused: false,
    };
  }

  readonly get = (): Session => this.#session;

  readonly subscribe = (listener: Listener): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  signIn(credential: string): void {
    this.#storage.setItem(CREDENTIAL, credential);
    this.#change({ ...this.#session, credential, refused: false });
  }

  signOut(): void {
    this.#forget(false);
  }

  /** The server does not take what it was shown. */
  refuse(): void {
    this.#forget(true);
  }

  callMyself(name: string): void {
    this.#storage.setItem(NAME, name);
    this.#change({ ...this.#session, name });
  }

  #forget(refused: boolean): void {
    this.#storage.removeItem(CREDENTIAL);
    this.#change({ ...this.#session, credential: "", refused });
  }

  #change(session: Session): void {
    this.#session = session;
    for (const listener of this.#listeners) listener();
  }
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
