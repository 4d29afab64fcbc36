// The identity providers of provider-process.mjs as a child of the test, which stops it.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export interface ProviderSettings {
  /** Of the tokens that it gives for the gateway. */
  readonly audience?: string;
  /** How long they are good. */
  readonly seconds?: number;
  /** It answers nobody. */
  readonly away?: boolean;
}

export class IdentityProvider {
  #asked = 0;

  private constructor(
    readonly url: string,
    /** The other one, which wants a secret and lets no page ask it. */
    readonly confidential: { readonly url: string; readonly secret: string },
    private readonly child: ChildProcess,
  ) {}

  static async start(): Promise<IdentityProvider> {
    const child = fork(fileURLToPath(new URL("./provider-process.mjs", import.meta.url)), { stdio: "ignore" });
    const [{ url, confidential }] = (await once(child, "message")) as [Pick<IdentityProvider, "url" | "confidential">];
    return new IdentityProvider(url, confidential, child);
  }

  /** What the desk is served from, which it may send people back to. */
  begin(origins: readonly string[]): Promise<void> {
    return this.#do("begin", { origins });
  }

  set(settings: ProviderSettings): Promise<void> {
    return this.#do("set", settings);
  }

  /** It knows nobody any more, and none of the tokens that it gave. */
  forget(): Promise<void> {
    return this.#do("forget");
  }

  async stop(): Promise<void> {
    const gone = once(this.child, "exit");
    this.child.disconnect();
    await gone;
  }

  async #do(act: string, more: object = {}): Promise<void> {
    this.#asked += 1;
    const id = this.#asked;
    const answered = once(this.child, "message");
    this.child.send({ id, do: act, ...more });
    await answered;
  }
}
