// The desk as a confidential client of an identity provider: what takes the client's secret is asked from here, for the
// page. Where it is asked says the provider's discovery document, and nobody else.
import type { Logger } from "@agentspan/internal";
import * as oauth from "oauth4webapi";
import { type DeskClient, isSafeAddress } from "../auth/issuer.js";
import { ISSUER_TIMES, type IssuerTimes } from "../auth/issuer-keys.js";

export interface ConfidentialClientOptions {
  readonly issuer: string;
  readonly client: DeskClient;
  readonly secret: string;
  readonly log: Logger;
  readonly times?: Pick<IssuerTimes, "keepMs" | "answerMs"> | undefined;
}

/** What somebody came back from the provider with, or what it gave them before. */
export type Grant =
  | {
      readonly type: "authorization_code";
      readonly code: string;
      readonly codeVerifier: string;
      readonly redirectUri: string;
    }
  | { readonly type: "refresh_token"; readonly refreshToken: string };

/** The fields of a token endpoint's answer that the page reads (RFC 6749, 5.1; OpenID Connect Core, 3.1.3.3). */
export type TokenAnswer = Readonly<Record<string, string | number>>;

/** The provider said no. Its words are bounded, and hold no secret of ours. */
export class ProviderRefusal extends Error {
  constructor(
    /** Of RFC 6749, 5.2, or what the provider has in its place. */
    readonly code: string,
    readonly description: string,
  ) {
    super(`The identity provider refused: ${code}`);
  }
}

const MOST_ANSWER_BYTES = 256 * 1_024;
const MOST_CODE = 64;
const MOST_DESCRIPTION = 500;
/** After it could not be had, the discovery document is not asked for again for so long. */
const REST_AFTER_FAILURE_MS = 1_000;

const ANSWER_FIELDS = ["access_token", "token_type", "expires_in", "refresh_token", "scope", "id_token"];
const PLACES = [
  ["authorization_endpoint", true],
  ["token_endpoint", true],
  ["revocation_endpoint", false],
  ["end_session_endpoint", false],
] as const;

interface Discovered {
  readonly server: oauth.AuthorizationServer;
  readonly auth: oauth.ClientAuth;
}

export class ConfidentialClient {
  readonly issuer: string;
  readonly #client: DeskClient;
  readonly #secret: string;
  readonly #log: Logger;
  readonly #times: Pick<IssuerTimes, "keepMs" | "answerMs">;
  #kept: { until: number; readonly found: Promise<Discovered> } | undefined;

  constructor({ issuer, client, secret, log, times = ISSUER_TIMES }: ConfidentialClientOptions) {
    this.issuer = issuer;
    this.#client = client;
    this.#secret = secret;
    this.#log = log;
    this.#times = times;
  }

  /** Its discovery document, kept for a time. Rejects where it cannot be had, or names places that are not safe. */
  async discovered(): Promise<oauth.AuthorizationServer> {
    return (await this.#discovered()).server;
  }

  /** Rejects with ProviderRefusal where the provider says no, and with another error where it says nothing of use. */
  async tokens(grant: Grant): Promise<TokenAnswer> {
    const { server, auth } = await this.#discovered();
    const { clientId, resource } = this.#client;
    const parameters = { ...parametersOf(grant), ...(resource === undefined ? {} : { resource }) };
    const client = { client_id: clientId };
    return this.#taken(
      await oauth.genericTokenEndpointRequest(server, client, auth, grant.type, parameters, this.#options()),
    );
  }

  /** Takes a refresh token back, where the provider says how. Rejects where it does not answer. */
  async revoke(refreshToken: string): Promise<void> {
    const { server, auth } = await this.#discovered();
    if (server.revocation_endpoint === undefined) return;
    await oauth.revocationRequest(server, { client_id: this.#client.clientId }, auth, refreshToken, this.#options());
  }

  #discovered(): Promise<Discovered> {
    if (this.#kept !== undefined && performance.now() < this.#kept.until) return this.#kept.found;
    const kept = { until: performance.now() + this.#times.keepMs, found: this.#discover() };
    kept.found.catch((err: unknown) => {
      this.#log.warn({ err, issuer: this.issuer }, "The discovery document of an issuer cannot be read");
      kept.until = performance.now() + REST_AFTER_FAILURE_MS;
    });
    this.#kept = kept;
    return kept.found;
  }

  async #discover(): Promise<Discovered> {
    const issuer = new URL(this.issuer);
    const answer = await oauth.discoveryRequest(issuer, this.#options());
    const server = await oauth.processDiscoveryResponse(issuer, answer);
    for (const [name, required] of PLACES) {
      const place: unknown = server[name];
      if (place === undefined && !required) continue;
      // No secret goes out in the clear because a document says so: only a provider in the clear, which is one of this machine.
      const isSafe = typeof place === "string" && isSafeAddress(place);
      if (!isSafe || (this.#isTls() && !place.startsWith("https:"))) {
        throw new Error(`The discovery document names no https address as its ${name}`);
      }
    }
    return { server, auth: this.#authOf(server) };
  }

  /**
   * In the body where the provider takes that: not all of them decode what RFC 6749 (2.3.1) has encoded in the header
   * (Google does not).
   */
  #authOf({ token_endpoint_auth_methods_supported: methods = ["client_secret_basic"] }: oauth.AuthorizationServer) {
    if (methods.includes("client_secret_post")) return oauth.ClientSecretPost(this.#secret);
    if (methods.includes("client_secret_basic")) return oauth.ClientSecretBasic(this.#secret);
    throw new Error("The identity provider takes a client's secret neither in the header nor in the body");
  }

  async #taken(answer: Response): Promise<TokenAnswer> {
    const { status } = answer;
    // What cannot be read may hold a piece of a token: its parser's words go nowhere.
    const said = Object(await answer.json().catch(() => undefined)) as Readonly<Record<string, unknown>>;
    if (status === 200 && typeof said.access_token === "string") {
      const fields = ANSWER_FIELDS.map((name) => [name, said[name]] as const);
      return Object.fromEntries(
        fields.filter((field): field is readonly [string, string | number] => /string|number/.test(typeof field[1])),
      );
    }
    const { error, error_description: words } = said;
    // Whoever asks too often may be heard later.
    if (status >= 400 && status < 500 && status !== 429 && typeof error === "string" && error !== "") {
      throw new ProviderRefusal(
        this.#bounded(error, MOST_CODE),
        typeof words === "string" ? this.#bounded(words, MOST_DESCRIPTION) : "",
      );
    }
    throw new Error(`The token endpoint gave no token, and status ${status}`);
  }

  #bounded(words: string, most: number): string {
    return [...words.replaceAll(this.#secret, "…")].slice(0, most).join("");
  }

  #options() {
    return {
      signal: () => AbortSignal.timeout(this.#times.answerMs),
      [oauth.customFetch]: boundedFetch,
      [oauth.allowInsecureRequests]: !this.#isTls(),
    };
  }

  #isTls(): boolean {
    return new URL(this.issuer).protocol === "https:";
  }
}

function parametersOf(grant: Grant): Record<string, string> {
  if (grant.type === "refresh_token") return { refresh_token: grant.refreshToken };
  const { code, codeVerifier, redirectUri } = grant;
  return { code, code_verifier: codeVerifier, redirect_uri: redirectUri };
}

type AnyFetchOptions = oauth.CustomFetchOptions<"GET" | "POST", URLSearchParams | undefined>;

/** The whole answer within the signal's time, as far as it is not too long. */
async function boundedFetch(url: string, options: AnyFetchOptions): Promise<Response> {
  const { body: form, ...same } = options;
  const { body, status, headers } = await fetch(url, { ...same, ...(form === undefined ? {} : { body: form }) });
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of body ?? []) {
    bytes += piece.length;
    if (bytes > MOST_ANSWER_BYTES) throw new Error(`The answer has more than ${MOST_ANSWER_BYTES} bytes`);
    pieces.push(piece);
  }
  return new Response(bytes === 0 ? null : Buffer.concat(pieces), { status, headers });
}
