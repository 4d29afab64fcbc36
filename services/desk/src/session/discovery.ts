// Where an identity provider is asked: itself, or the gateway where the provider wants a secret that no page can keep.
import * as oauth from "oauth4webapi";
import type { Page, Provider } from "./provider.js";
import { SignInError } from "./sign-in-error.js";

const ANSWER_MS = 10_000;
/** The gateway may ask the provider twice before it answers. */
const RELAYED_ANSWER_MS = 15_000;

/** Where a page is that asks. */
export type Origin = Pick<Page, "origin">;

/** The places of the provider, and in place of those that take a secret the gateway's. */
export async function discover(provider: Provider, page: Origin): Promise<oauth.AuthorizationServer> {
  const issuer = new URL(provider.issuer);
  if (provider.confidential !== true) {
    return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, requestOptions(provider, page)));
  }
  const answer = await fetch(`/desk/discovery?${new URLSearchParams({ issuer: provider.issuer })}`, {
    credentials: "omit",
    redirect: "error",
    signal: AbortSignal.timeout(RELAYED_ANSWER_MS),
  });
  const server = await oauth.processDiscoveryResponse(issuer, answer);
  const { revocation_endpoint: revocation } = server;
  return {
    ...server,
    token_endpoint: new URL(server.token_endpoint ?? "", page.origin).href,
    ...(revocation === undefined ? {} : { revocation_endpoint: new URL(revocation, page.origin).href }),
  };
}

/**
 * The page may speak with the provider's own host alone, and nobody is sent to another for a password. What the gateway
 * asked for is the gateway's word.
 */
export function atProvider({ issuer, confidential }: Provider, endpoint: string | undefined, what: string): string {
  if (endpoint === undefined) throw new SignInError(`The identity provider does not say ${what}.`);
  if (confidential === true || new URL(endpoint).origin === new URL(issuer).origin) return endpoint;
  throw new SignInError(
    `The identity provider's ${new URL(endpoint).host} is not its own host, ${new URL(issuer).host}.`,
  );
}

export function requestOptions({ issuer, confidential }: Provider, { origin }: Origin) {
  const isRelayed = confidential === true;
  return {
    signal: () => AbortSignal.timeout(isRelayed ? RELAYED_ANSWER_MS : ANSWER_MS),
    // The gateway takes no issuer in the clear that is not on this machine; with the gateway itself the page speaks as it is.
    [oauth.allowInsecureRequests]: new URL(isRelayed ? origin : issuer).protocol === "http:",
  };
}

/** The gateway is told whose token it is to ask for, and says the rest itself. */
export function parametersOf({ issuer, resource, confidential }: Provider): Record<string, string> {
  if (confidential === true) return { issuer };
  return resource === undefined ? {} : { resource };
}
