// The issuer of oidc-issuer.mjs as a child of the test, which stops it.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export type TokenFault =
  | "good"
  | "alg none"
  | "alg none with a signature"
  | "signed with the public key as a secret"
  | "tampered"
  | "another's key under our key's name";

export class LocalIssuer {
  #asked = 0;
  readonly #waiting = new Map<number, (answer: object) => void>();

  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
  ) {
    child.on("message", (answer: { readonly id: number }) => {
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    });
  }

  static async start(): Promise<LocalIssuer> {
    const child = fork(fileURLToPath(new URL("./oidc-issuer.mjs", import.meta.url)));
    const [{ url }] = (await once(child, "message")) as [{ url: string }];
    return new LocalIssuer(url, child);
  }

  /** A token of ours for an hour, with these claims in place of or beside its own; a claim of undefined is left out. */
  async token(claims: Record<string, unknown> = {}, more: { how?: TokenFault; kid?: string } = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1_000);
    const whole = { iss: this.url, aud: "agentspan", sub: "alex", iat: now, exp: now + 3_600, jti: "t1", ...claims };
    const { token } = await this.#do<{ token: string }>("sign", { claims: whole, ...more });
    return token;
  }

  /** Signs with a new key from now on. With `keep` the old ones are still served. */
  rotate(keep = false): Promise<{ kid: string }> {
    return this.#do("rotate", { keep });
  }

  async away(away: boolean): Promise<void> {
    await this.#do("away", { away });
  }

  /** How often a path was asked for. */
  async asked(path: string): Promise<number> {
    return (await this.#do<{ times: number }>("asked", { path })).times;
  }

  async stop(): Promise<void> {
    const gone = once(this.child, "exit");
    this.child.disconnect();
    await gone;
  }

  async #do<T extends object>(act: string, more: object): Promise<T> {
    this.#asked += 1;
    const id = this.#asked;
    const answered = new Promise<object>((resolve) => this.#waiting.set(id, resolve));
    this.child.send({ id, do: act, ...more });
    const answer = (await answered) as T & { readonly error?: string };
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer;
  }
}
