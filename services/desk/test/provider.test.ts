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

/** A provider that says this at its places, also where the gateway asks it; what it was asked is kept. */
function provider(said: {
  readonly discovery?: object;
  readonly token?: (asked: URLSearchParams) => object;
  readonly only?: string;
}) {
  const asked: URLSearchParams[] = [];
  vi.stubGlobal("fetch", async (address: string | URL, init: RequestInit = {}) => {
    const { origin, pathname } = new URL(address, PAGE);
    if (said.only !== undefined && origin !== said.only) throw new TypeError(`${origin} is not asked by this page`);
    if (pathname.endsWith("/openid-configuration") || pathname === "/desk/discovery") {
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

describe("signing in with a provider that the gateway asks", () => {
  const RELAYED: Provider = {
    ...{ ...PROVIDER, confidential: true, resource: "https://api.acme.test" },
    authorizationParameters: { access_type: "offline", prompt: "consent", state: "forced", client_id: "forced" },
  };
  const elsewhere = {
    authorization_endpoint: "https://accounts.acme.test/auth",
    ...{ token_endpoint: "/desk/token", revocation_endpoint: "/desk/revoke" },
    end_session_endpoint: "https://accounts.acme.test/end",
  };

  it("speaks with nobody but the gateway, and tells it for which issuer", async () => {
    let nonce = "";
    const only = PAGE.origin;
    const asked = provider({ only, discovery: elsewhere, token: () => tokensOf(nonce) });
    const begin = await begun(RELAYED);
    nonce = begin.nonce;
    expect(begin.there.host).toBe("accounts.acme.test");
    const { state, ...said } = Object.fromEntries(begin.there.searchParams);
    expect(said).toMatchObject({ access_type: "offline", prompt: "consent", client_id: "desk" });
    expect(state).not.toBe("forced");
    const { tokens } = await finishSignIn([RELAYED], begin.tab, begin.back);
    expect(Object.fromEntries(asked[0] ?? [])).toMatchObject({ issuer: ISSUER, code: "c1" });
    expect(asked[0]?.get("resource")).toBeNull();

    await renewSignIn(RELAYED, tokens, PAGE);
    expect(Object.fromEntries(asked[1] ?? [])).toMatchObject({ issuer: ISSUER, grant_type: "refresh_token" });
    const end = await signOutAddress(RELAYED, tokens, PAGE);
    expect(new URL(end ?? "").host).toBe("accounts.acme.test");
    expect(Object.fromEntries(asked[2] ?? [])).toMatchObject({ issuer: ISSUER, token: "r1" });
  });

  it("takes no answer of another sign-in, or of another client, from the gateway either", async () => {
    let nonce = "";
    let more = {};
    const discovery = elsewhere;
    for (const wrong of ["another nonce", { aud: "other" }]) {
      provider({ discovery, token: () => tokensOf(nonce, { id_token: idToken(nonce, more) }) });
      const begin = await begun(RELAYED);
      nonce = typeof wrong === "string" ? wrong : begin.nonce;
      more = typeof wrong === "string" ? {} : wrong;
      await expect(finishSignIn([RELAYED], begin.tab, begin.back)).rejects.toThrow(SignInError);
    }
  });

  it("says that the provider is away where the gateway cannot ask it", async () => {
    vi.stubGlobal("fetch", async () => Response.json({ error: "temporarily_unavailable" }, { status: 502 }));
    await expect(beginSignIn(RELAYED, storage(), PAGE)).rejects.toThrow("cannot be reached");
  });
});

describe("a sign-in", () => {
  const before = { issuer: ISSUER, idToken: "the first", refreshToken: "r1", givenAt: 0, endsAt: 1 };

  it("is renewed, and keeps what the provider does not give anew", async () => {
    const asked = provider({ token: () => ({ token_type: "Bearer", access_token: access() }) });
    const { tokens } = await renewSignIn(PROVIDER, before, PAGE);
    expect(tokens).toMatchObject({ idToken: "the first", refreshToken: "r1" });
    expect(asked[0]?.get("grant_type")).toBe("refresh_token");
    provider({ token: () => ({ token_type: "Bearer", access_token: access(), refresh_token: "r2" }) });
    expect((await renewSignIn(PROVIDER, before, PAGE)).tokens.refreshToken).toBe("r2");
    await expect(renewSignIn({ ...PROVIDER, token: "id" }, before, PAGE)).rejects.toThrow(SignInError);
  });

  it("is tried again where the provider did not say no", async () => {
    const failed = async (answer: () => Promise<Response>) => {
      const { fetch: said } = globalThis;
      vi.stubGlobal("fetch", (address: string, init: RequestInit) =>
        address.endsWith("/token") ? answer() : said(address, init),
      );
      return isPassingSignIn(await renewSignIn(PROVIDER, before, PAGE).catch((error: unknown) => error));
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
