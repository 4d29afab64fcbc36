// Signing in with an identity provider: an authorization code with PKCE (RFC 9700), as a public client without a secret, or
// as a confidential one whose secret the gateway keeps (discovery.ts).
//
// What is checked: the issuer of its discovery document, the state and the issuer of its answer, the nonce, the audience
// and the times of its ID token. Whether the token that comes of it lets anybody in says the gateway, by its signature.
import * as oauth from "oauth4webapi";
import { atProvider, discover, type Origin, parametersOf, requestOptions } from "./discovery.js";
import type { TabStorage } from "./session.js";
import { inWords, SignInError } from "./sign-in-error.js";

/** With whom people may sign in, as the gateway tells of it. */
export interface Provider {
  readonly issuer: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** For which API a token is asked for; not said where absent. */
  readonly resource?: string | undefined;
  /** Which token is shown to the gateway. */
  readonly token: "access" | "id";
  /** What else it is told when somebody is sent to it. */
  readonly authorizationParameters?: Readonly<Record<string, string>> | undefined;
  /** It wants a secret, which the gateway has: the gateway asks it for the page. */
  readonly confidential?: boolean | undefined;
}

/** What a provider gave beside the credential. */
export interface ProviderTokens {
  readonly issuer: string;
  readonly idToken: string;
  /** Gets another credential without a question; absent where the provider gives none. */
  readonly refreshToken?: string | undefined;
  /** When it was given and when it ends, milliseconds since the epoch. */
  readonly givenAt: number;
  readonly endsAt: number;
}

export interface SignedIn {
  readonly credential: string;
  readonly tokens: ProviderTokens;
}

/** Where a provider sends people back to; it must know this address. */
export const CALLBACK = "/signed-in";

const BEGUN = "agentspan.sign-in";
/** How far the provider's clock and this computer's may differ. */
const TOLERANCE_S = 60;

interface Begun {
  readonly issuer: string;
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  /** The page that was asked for. */
  readonly returnTo: string;
}

/** The address of a page, as Location and URL have it. */
export type Page = Pick<URL, "href" | "origin" | "pathname" | "search">;

/** Remembers what is begun, and gives the address at which it goes on. Rejects with SignInError. */
export async function beginSignIn(provider: Provider, storage: TabStorage, page: Page): Promise<string> {
  const { issuer, clientId, scopes, resource, authorizationParameters } = provider;
  const server = await inWords(discover(provider, page));
  const endpoint = atProvider(provider, server.authorization_endpoint, "where people sign in");
  const [state, nonce, verifier] = [
    oauth.generateRandomState(),
    oauth.generateRandomNonce(),
    oauth.generateRandomCodeVerifier(),
  ];
  const begun: Begun = { issuer, state, nonce, verifier, returnTo: `${page.pathname}${page.search}` };
  storage.setItem(BEGUN, JSON.stringify(begun));
  const address = new URL(endpoint);
  const said = {
    // What follows is said last, and so is never another's.
    ...authorizationParameters,
    ...{ response_type: "code", client_id: clientId, redirect_uri: callbackOf(page), scope: scopes.join(" ") },
    ...{
      state,
      nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
    },
    ...(resource === undefined ? {} : { resource }),
  };
  for (const [name, value] of Object.entries(said)) address.searchParams.set(name, value);
  return address.href;
}

/** Takes what a provider sent somebody back with. What was begun is begun once. Rejects with SignInError. */
export async function finishSignIn(
  providers: readonly Provider[],
  storage: TabStorage,
  page: Page,
): Promise<SignedIn & { readonly returnTo: string }> {
  const begun = readBegun(storage.getItem(BEGUN));
  storage.removeItem(BEGUN);
  const provider = providers.find(({ issuer }) => issuer === begun?.issuer);
  if (begun === undefined || provider === undefined) {
    throw new SignInError("This was not begun in this tab, or is over already. Sign in once more.");
  }
  const { state, nonce, verifier, returnTo } = begun;
  const tokens = await inWords(async () => {
    const server = await discover(provider, page);
    const client = clientOf(provider);
    atProvider(provider, server.token_endpoint, "where it gives tokens");
    const answer = oauth.validateAuthResponse(server, client, new URL(page.href), state);
    const given = await oauth.authorizationCodeGrantRequest(
      ...([server, client, oauth.None(), answer, callbackOf(page), verifier] as const),
      { ...requestOptions(provider, page), additionalParameters: parametersOf(provider) },
    );
    return oauth.processAuthorizationCodeResponse(server, client, given, {
      expectedNonce: nonce,
      requireIdToken: true,
    });
  });
  return { ...signedIn(provider, tokens, undefined), returnTo: returnTo === CALLBACK ? "/" : returnTo };
}

/** Gets another credential in place of one that ends. Rejects with SignInError where the provider does not give one. */
export async function renewSignIn(provider: Provider, before: ProviderTokens, page: Origin): Promise<SignedIn> {
  const { refreshToken = "" } = before;
  const tokens = await inWords(async () => {
    const [server, client] = [await discover(provider, page), clientOf(provider)];
    atProvider(provider, server.token_endpoint, "where it gives tokens");
    const given = await oauth.refreshTokenGrantRequest(server, client, oauth.None(), refreshToken, {
      ...requestOptions(provider, page),
      additionalParameters: parametersOf(provider),
    });
    return oauth.processRefreshTokenResponse(server, client, given);
  });
  return signedIn(provider, tokens, before);
}

/** Tells the provider that somebody goes, and gives where they end it there too; undefined where that cannot be told. */
export async function signOutAddress(
  provider: Provider,
  { idToken, refreshToken }: ProviderTokens,
  page: Page,
): Promise<string | undefined> {
  try {
    const server = await discover(provider, page);
    if (refreshToken !== undefined && server.revocation_endpoint !== undefined) {
      const asked = oauth.revocationRequest(server, clientOf(provider), oauth.None(), refreshToken, {
        ...requestOptions(provider, page),
        additionalParameters: provider.confidential ? parametersOf(provider) : {},
      });
      await asked.catch(() => undefined);
    }
    const address = new URL(atProvider(provider, server.end_session_endpoint, "where people sign out"));
    address.searchParams.set("client_id", provider.clientId);
    address.searchParams.set("id_token_hint", idToken);
    address.searchParams.set("post_logout_redirect_uri", `${page.origin}/`);
    return address.href;
  } catch {
    // Here somebody is signed out, whatever the provider says.
    return undefined;
  }
}

function clientOf({ clientId }: Provider): oauth.Client {
  return { client_id: clientId, [oauth.clockTolerance]: TOLERANCE_S };
}

function callbackOf({ origin }: Pick<Page, "origin">): string {
  return `${origin}${CALLBACK}`;
}

function signedIn(
  provider: Provider,
  given: oauth.TokenEndpointResponse,
  before: ProviderTokens | undefined,
): SignedIn {
  const credential = provider.token === "id" ? given.id_token : given.access_token;
  const endsAt = credential === undefined ? undefined : endOf(credential);
  if (credential === undefined || endsAt === undefined) {
    throw new SignInError(
      "The identity provider gave a token that this server cannot read. Whoever runs it can ask for another one: see the settings of the desk's sign-in.",
    );
  }
  return {
    credential,
    tokens: {
      issuer: provider.issuer,
      idToken: given.id_token ?? before?.idToken ?? "",
      // One that is given anew is in place of the one before.
      refreshToken: given.refresh_token ?? before?.refreshToken,
      givenAt: Date.now(),
      endsAt,
    },
  };
}

/** When a token ends by its own word; undefined where it is none that says so. Nothing is believed of it but that. */
function endOf(token: string): number | undefined {
  const [, body, signature] = token.split(".");
  if (body === undefined || signature === undefined) return undefined;
  try {
    const claims: unknown = JSON.parse(atob(body.replaceAll("-", "+").replaceAll("_", "/")));
    const { exp } = Object(claims) as { readonly exp?: unknown };
    return typeof exp === "number" ? exp * 1_000 : undefined;
  } catch {
    return undefined;
  }
}

function readBegun(text: string | null): Begun | undefined {
  if (text === null) return undefined;
  const { issuer, state, nonce, verifier, returnTo } = JSON.parse(text) as Record<keyof Begun, unknown>;
  const all = [issuer, state, nonce, verifier, returnTo];
  if (!all.every((one) => typeof one === "string")) return undefined;
  return { issuer, state, nonce, verifier, returnTo } as Begun;
}
