// Posts over HTTPS, to addresses that the rule allows. A host is resolved once, by the connection itself: what was looked up
// is asked of the rule, and that very address is connected to, so that a name cannot mean another one a moment later. No
// redirect is followed, no proxy of the environment is used, and of an answer little is read.
import { type LookupAddress, lookup as systemLookup } from "node:dns";
import type { LookupFunction } from "node:net";
import { Agent } from "undici";
import type { PostAnswer, Posts } from "../ports.js";
import { type AddressRule, hostOf } from "./address-rule.js";

/** Gives every address of a host, as DNS has them. */
export type Resolve = (
  host: string,
  answer: (error: Error | null, addresses: readonly LookupAddress[]) => void,
) => void;

export interface GuardedPostsOptions {
  readonly rule: AddressRule;
  /** For one post, milliseconds; 15,000 unless said. */
  readonly timeoutMs?: number;
  /** The system's unless said. */
  readonly resolve?: Resolve;
  /** Who signs the certificates of receivers, beside those that everybody trusts. */
  readonly ca?: readonly string[];
}

const MOST_READ_BYTES = 16 * 1024;
const RESOLVED_WITHIN_MS = 2_000;
const CONNECTIONS_OF_ONE = 8;

/** Its message says why, and nothing of what was to be sent. */
class RefusedAddress extends Error {
  override readonly name = "RefusedAddress";
}

export class GuardedPosts implements Posts {
  readonly #options: GuardedPostsOptions;
  readonly #agents: Readonly<Record<"https:" | "http:", Agent>>;
  readonly #stop = new AbortController();

  constructor(options: GuardedPostsOptions) {
    this.#options = options;
    this.#agents = { "https:": this.#agent("https:"), "http:": this.#agent("http:") };
  }

  async problem(url: string): Promise<string | undefined> {
    const problem = this.#options.rule.urlProblem(url);
    if (problem !== undefined) return problem;
    const parsed = new URL(url);
    const addresses = await this.#addressesOf(hostOf(parsed));
    for (const { address } of addresses) {
      const fault = this.#options.rule.addressProblem(parsed.protocol, hostOf(parsed), address);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  async post(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<PostAnswer> {
    const { rule, timeoutMs = 15_000 } = this.#options;
    // Also of an address that stands in the URL itself, which is never looked up.
    const problem = rule.urlProblem(url);
    if (problem !== undefined) return { kind: "failed", why: `nothing is sent there, because ${problem}` };
    const { protocol, origin, pathname, search } = new URL(url);
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(timeoutMs)]);
    try {
      const answer = await this.#agents[protocol === "http:" ? "http:" : "https:"].request({
        ...{ origin, path: pathname + search, method: "POST", body, signal },
        headers: { ...headers, "content-type": "application/json", "user-agent": "Agentspan-Webhooks" },
      });
      const { statusCode: status } = answer;
      // What it says beside its status is nobody's, and may be without end.
      await answer.body.dump({ limit: MOST_READ_BYTES, signal }).catch(() => undefined);
      const retryAfterMs = retryAfterOf(answer.headers["retry-after"]);
      return { kind: "answered", status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
    } catch (thrown) {
      return { kind: "failed", why: whyOf(thrown, timeoutMs) };
    }
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(Object.values(this.#agents).map((agent) => agent.destroy()));
  }

  #agent(protocol: "https:" | "http:"): Agent {
    const { ca } = this.#options;
    const lookup = this.#guardedLookup(protocol);
    return new Agent({
      connect: { lookup, timeout: 5_000, ...(ca === undefined ? {} : { ca: [...ca] }) },
      connections: CONNECTIONS_OF_ONE,
      keepAliveTimeout: 10_000,
      maxHeaderSize: 16 * 1024,
    });
  }

  /** Gives the connection the addresses that were asked of the rule, or none of them where one is refused. */
  #guardedLookup(protocol: string): LookupFunction {
    const { rule } = this.#options;
    return (host, { all }, answer) => {
      this.#resolve(host, (error, addresses) => {
        const [first] = addresses;
        if (error !== null || first === undefined) {
          answer(error ?? new RefusedAddress("its host has no address"), "", 0);
          return;
        }
        const fault = addresses.map(({ address }) => rule.addressProblem(protocol, host, address)).find((one) => one);
        if (fault !== undefined) answer(new RefusedAddress(`nothing is sent there, because ${fault}`), "", 0);
        else if (all === true) answer(null, [...addresses]);
        else answer(null, first.address, first.family);
      });
    };
  }

  #resolve(host: string, answer: Parameters<Resolve>[1]): void {
    const { resolve } = this.#options;
    if (resolve !== undefined) resolve(host, answer);
    else systemLookup(host, { all: true }, (error, addresses) => answer(error, error === null ? addresses : []));
  }

  /** None where it takes too long, or the host is not known: then it is asked when something is sent. */
  #addressesOf(host: string): Promise<readonly LookupAddress[]> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve([]), RESOLVED_WITHIN_MS);
      this.#resolve(host, (_, addresses) => {
        clearTimeout(timer);
        resolve(addresses);
      });
    });
  }
}

/** Seconds or a date, in milliseconds from now. */
function retryAfterOf(header: string | string[] | undefined): number | undefined {
  const text = Array.isArray(header) ? header[0] : header;
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}

function whyOf(thrown: unknown, timeoutMs: number): string {
  if (!(thrown instanceof Error)) return "it could not be reached";
  if (thrown instanceof RefusedAddress) return thrown.message;
  if (thrown.name === "TimeoutError") return `it did not answer within ${timeoutMs} ms`;
  const code = "code" in thrown && typeof thrown.code === "string" ? thrown.code : thrown.name;
  return `it could not be reached: ${code}`;
}
