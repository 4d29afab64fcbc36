// Gets another credential from the identity provider before the one that is used ends, where the provider lets it.
import type { Provider, ProviderTokens, SignedIn } from "./provider.js";
import type { SessionStore } from "./session.js";
import { isPassingSignIn } from "./sign-in-error.js";

/** After so much of a credential's time another one is asked for. */
const PART = 0.75;
const AGAIN_MS = 5_000;
const FRESH_MS = 5_000;
/** No timer of a browser is longer. */
const LONGEST_MS = 2 ** 31 - 1;

export class Renewal {
  #under: Promise<boolean> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly session: SessionStore,
    private readonly providers: () => Promise<readonly Provider[]>,
    private readonly ask: (provider: Provider, before: ProviderTokens) => Promise<SignedIn>,
  ) {
    session.subscribe(() => this.#plan());
    this.#plan();
  }

  /** The server does not take a credential. Resolves to whether there is another one by now. */
  async recover(credential: string): Promise<boolean> {
    const { tokens } = this.session.get();
    // What was given a moment ago and is not taken would be given again and again.
    const isFresh = tokens !== undefined && Date.now() - tokens.givenAt < FRESH_MS;
    return isFresh && this.session.get().credential === credential ? false : this.#another(credential);
  }

  /** Whoever asks meanwhile shares one renewal. */
  async #another(credential: string): Promise<boolean> {
    if (this.session.get().credential !== credential) return this.session.get().credential !== "";
    this.#under ??= this.#renew().finally(() => {
      this.#under = undefined;
    });
    return this.#under;
  }

  #plan(): void {
    clearTimeout(this.#timer);
    const { credential, tokens } = this.session.get();
    if (tokens?.refreshToken === undefined) return;
    const { givenAt, endsAt } = tokens;
    const inMs = givenAt + PART * (endsAt - givenAt) - Date.now();
    this.#timer = setTimeout(() => this.#tick(credential), Math.max(0, Math.min(inMs, LONGEST_MS)));
  }

  #tick(credential: string): void {
    void this.#another(credential).then((renewed) => {
      const { tokens } = this.session.get();
      if (renewed || this.session.get().credential !== credential || tokens?.refreshToken === undefined) return;
      // The provider is away: it is asked again for as long as what is used lasts, and when that is refused.
      if (Date.now() < tokens.endsAt) this.#timer = setTimeout(() => this.#tick(credential), AGAIN_MS);
    });
  }

  async #renew(): Promise<boolean> {
    const { credential, tokens } = this.session.get();
    if (tokens?.refreshToken === undefined) return false;
    try {
      const provider = (await this.providers()).find(({ issuer }) => issuer === tokens.issuer);
      if (provider === undefined) return false;
      const next = await this.ask(provider, tokens);
      // Somebody may have signed out meanwhile, or in as another.
      if (this.session.get().credential !== credential) return false;
      this.session.renew(next.credential, next.tokens);
      return true;
    } catch (error) {
      if (!isPassingSignIn(error) && this.session.get().credential === credential) this.session.renewNoMore();
      return false;
    }
  }
}
