// What is asked of an identity provider, and what of its answers is taken: without one. A real one is in
// e2e/test/servers/desk-sign-in.test.ts.
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  beginSignIn,
  CALLBACK,
  finishSignIn,
  type Provider,
  renewSignIn,
  signOutAddress,
} from "../src/session/provider.js";
import { isPassingSignIn, SignInError } from "../src/session/sign-in-error.js";
import { storage } from "./tab-storage.js";

const ISSUER = "https://id.acme.test/realms/one";
const PROVIDER: Provider = { issuer: ISSUER, clientId: "desk", scopes: ["openid", "profile"], token: "access" };
const PAGE = new URL("https://desk.acme.test/approvals/run_1/apr_2?from=mail");
const ENDPOINTS = { authorization_endpoint: `${ISSUER}/auth`, token_endpoint: `${ISSUER}/token` };
const SIGNED = { id_token_signing_alg_values_supported: ["ES256"] };

afterEach(() => void vi.unstubAllGlobals());

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const jwt = (claims: object) => `${part({ alg: "ES256" })}.${part(claims)}.c2ln`;
const seconds = () => Math.floor(Date.now() / 1_000);

/** A provider that says this at its places; what it was asked is kept. */
function provider(said: { readonly discovery?: object; readonly token?: (asked: URLSearchParams) => object }) {
  const asked: URLSearchParams[] = [];
  vi.stubGlobal("fetch", async (address: string | URL, init: RequestInit = {}) => {
    const { pathname } = new URL(address);
    if (pathname.endsWith("/openid-configuration")) {
      return Response.json({ issuer: ISSUER, ...ENDPOINTS, ...SIGNED, ...said.discovery });
    }
    const body = new URLSearchParams(String(init.body));
    asked.push(body);
    return Response.json(said.token?.(body) ?? {});
  });
  return asked;
}

/** What somebody who went to the provider comes back with. */
async function begun(given: Provider = PROVIDER) {
  const tab = storage();
  const there = new URL(await beginSignIn(given, tab, PAGE));
  const back = new URL(`${PAGE.origin}${CALLBACK}?code=c1&state=${there.searchParams.get("state")}`);
  return { tab, there, back, nonce: there.searchParams.get("nonce") ?? "" };
}

const idToken = (nonce: string, more: object = {}) =>
  jwt({ iss: ISSUER, aud: "desk", sub: "u1", iat: seconds(), exp: seconds() + 300, nonce, ...more });
const access = () => jwt({ iss: ISSUER, aud: "agentspan", sub: "u1", exp: seconds() + 300 });
const tokensOf = (nonce: string, more: object = {}) => ({
  ...{ token_type: "Bearer", access_token: access(), id_token: idToken(nonce), refresh_token: "r1", ...more },
});

describe("signing in", () => {
  it("goes to the provider with a challenge, a state and a nonce, and comes back to the page that was asked for", async () => {
    let nonce = "";
    const asked = provider({ token: () => tokensOf(nonce) });
    const begin = await begun({ ...PROVIDER, resource: "https://agentspan.acme.test" });
    nonce = begin.nonce;
    expect(Object.fromEntries(begin.there.searchParams)).toMatchObject({
      ...{ response_type: "code", client_id: "desk", scope: "openid profile", code_challenge_method: "S256" },
      ...{ redirect_uri: "https://desk.acme.test/signed-in", resource: "https://agentspan.acme.test" },
    });
    const { credential, tokens, returnTo } = await finishSignIn([PROVIDER], begin.tab, begin.back);
    expect(returnTo).toBe("/approvals/run_1/apr_2?from=mail");
    expect(credential).not.toBe(tokens.idToken);
    expect(tokens).toMatchObject({ issuer: ISSUER, refreshToken: "r1" });
    expect(tokens.endsAt - Date.now()).toBeGreaterThan(290_000);
    expect(asked[0]?.get("code_verifier")).toMatch(/^[\w-]{43}$/);
    expect(begin.there.href).not.toContain(asked[0]?.get("code_verifier"));
    await expect(finishSignIn([PROVIDER], begin.tab, begin.back)).rejects.toThrow("not begun in this tab");
  });

  it("shows the gateway the ID token where that is set", async () => {
    let nonce = "";
    provider({ token: () => tokensOf(nonce, { access_token: "opaque" }) });
    const begin = await begun();
    nonce = begin.nonce;
    const { credential, tokens } = await finishSignIn([{ ...PROVIDER, token: "id" }], begin.tab, begin.back);
    expect(credential).toBe(tokens.idToken);
  });

  it.each([
    ["of another client", (nonce: string) => tokensOf(nonce, { id_token: idToken(nonce, { aud: "other" }) })],
    ["of another sign-in", () => tokensOf("another nonce")],
    [
      "of another issuer",
      (nonce: string) => tokensOf(nonce, { id_token: idToken(nonce, { iss: "https://evil.test" }) }),
    ],
    ["without an ID token", (nonce: string) => tokensOf(nonce, { id_token: undefined })],
    ["that nobody here can read", (nonce: string) => tokensOf(nonce, { access_token: "opaque" })],
    ["of another time", (nonce: string) => tokensOf(nonce, { id_token: idToken(nonce, { exp: seconds() - 300 }) })],
    ["that is an error", () => ({ error: "invalid_grant" })],
  ])("takes no answer %s", async (_, answer) => {
    let nonce = "";
    provider({ token: () => answer(nonce) });
    const begin = await begun();
    nonce = begin.nonce;
    await expect(finishSignIn([PROVIDER], begin.tab, begin.back)).rejects.toThrow(SignInError);
  });

  it.each([
    ["another state", (back: URL) => back.searchParams.set("state", "made-up")],
    ["another issuer", (back: URL) => back.searchParams.set("iss", "https://evil.test")],
    ["a refusal", (back: URL) => back.searchParams.set("error", "access_denied")],
  ])("takes nobody who comes back with %s", async (_, spoil) => {
    const asked = provider({});
    const { tab, back } = await begun();
    spoil(back);
    await expect(finishSignIn([PROVIDER], tab, back)).rejects.toThrow(SignInError);
    expect(asked).toEqual([]);
  });

  it("sends nobody, and no token, to another host than the provider's", async () => {
    provider({ discovery: { authorization_endpoint: "https://evil.test/auth" } });
    await expect(begun()).rejects.toThrow("evil.test is not its own host");
    provider({});
    const { tab, back } = await begun();
    const asked = provider({ discovery: { token_endpoint: "https://evil.test/token" } });
    await expect(finishSignIn([PROVIDER], tab, back)).rejects.toThrow("evil.test is not its own host");
    expect(asked).toEqual([]);
    provider({ discovery: { issuer: "https://evil.test" } });
    await expect(begun()).rejects.toThrow(SignInError);
  });
});

describe("a sign-in", () => {
  const before = { issuer: ISSUER, idToken: "the first", refreshToken: "r1", givenAt: 0, endsAt: 1 };

  it("is renewed, and keeps what the provider does not give anew", async () => {
    const asked = provider({ token: () => ({ token_type: "Bearer", access_token: access() }) });
    const { tokens } = await renewSignIn(PROVIDER, before);
    expect(tokens).toMatchObject({ idToken: "the first", refreshToken: "r1" });
    expect(asked[0]?.get("grant_type")).toBe("refresh_token");
    provider({ token: () => ({ token_type: "Bearer", access_token: access(), refresh_token: "r2" }) });
    expect((await renewSignIn(PROVIDER, before)).tokens.refreshToken).toBe("r2");
    await expect(renewSignIn({ ...PROVIDER, token: "id" }, before)).rejects.toThrow(SignInError);
  });

  it("is tried again where the provider did not say no", async () => {
    const failed = async (answer: () => Promise<Response>) => {
      const { fetch: said } = globalThis;
      vi.stubGlobal("fetch", (address: string, init: RequestInit) =>
        address.endsWith("/token") ? answer() : said(address, init),
      );
      return isPassingSignIn(await renewSignIn(PROVIDER, before).catch((error: unknown) => error));
    };
    provider({});
    expect(await failed(() => Promise.reject(new TypeError("fetch failed")))).toBe(true);
    provider({});
    expect(await failed(async () => new Response("busy", { status: 503 }))).toBe(true);
    provider({});
    expect(await failed(async () => Response.json({ error: "invalid_grant" }, { status: 400 }))).toBe(false);
  });

  it("is ended at the provider where it can be, and here in any case", async () => {
    const there = { end_session_endpoint: `${ISSUER}/end`, revocation_endpoint: `${ISSUER}/revoke` };
    const asked = provider({ discovery: there });
    const address = new URL((await signOutAddress(PROVIDER, before, PAGE)) ?? "");
    expect(address.pathname).toBe("/realms/one/end");
    expect(address.searchParams.get("id_token_hint")).toBe("the first");
    expect(asked[0]?.get("token")).toBe("r1");
    provider({});
    expect(await signOutAddress(PROVIDER, before, PAGE)).toBeUndefined();
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("away")));
    expect(await signOutAddress(PROVIDER, before, PAGE)).toBeUndefined();
  });
});
