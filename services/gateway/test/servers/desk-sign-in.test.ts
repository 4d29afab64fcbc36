// What a gateway asks identity providers for the desk's page, as a client with a secret: at a provider that answers as each
// test has it. A real one is in e2e/test/servers/desk-sign-in.test.ts.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import http2 from "node:http2";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger } from "@agentspan/internal";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { readIssuers } from "../../src/auth/auth-settings.js";
import type { Authentication } from "../../src/auth/authentication.js";
import type { Gateway } from "../../src/gateway.js";
import { all, openGateway, ownNats } from "./harness.js";

const SECRET = "GOCSPX-only_the.gateway~knows";
const CODE = "a-code-that-is-good-once";
const REFRESH = "a-refresh-token-of-somebody";
const VERIFIER = "v".repeat(43);

interface Asked {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly form: Readonly<Record<string, string>>;
}
type Answer = (response: ServerResponse, asked: Asked) => void;

const folder = mkdtempSync(join(tmpdir(), "agentspan-sign-in-"));
writeFileSync(join(folder, "index.html"), "<!doctype html><title>desk</title>");
writeFileSync(join(folder, "secret"), `${SECRET}\n`);

const json =
  (status: number, body: object): Answer =>
  (response) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  };
const GIVEN = { access_token: "ac", token_type: "Bearer", expires_in: 3599, id_token: "a.b.c", refresh_token: REFRESH };

let asked: Asked[] = [];
let discovery: object = {};
let answer: Answer = json(200, GIVEN);
const lines: string[] = [];

async function hear(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url ?? "";
  if (path.endsWith("/.well-known/openid-configuration")) {
    asked.push({ path, authorization: undefined, form: {} });
    // Google's way: places of another host than the issuer's.
    const issuer = `${base()}${path.slice(0, path.indexOf("/.well-known"))}`;
    const elsewhere = base().replace("127.0.0.1", "localhost");
    const places = {
      authorization_endpoint: `${base()}/auth`,
      token_endpoint: `${elsewhere}/token`,
      revocation_endpoint: `${elsewhere}/revoke`,
      token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
    };
    json(200, { issuer, ...places, jwks_uri: `${elsewhere}/keys`, ...discovery })(response, { path } as Asked);
    return;
  }
  let body = "";
  for await (const piece of request) body += piece;
  const one = {
    path,
    authorization: request.headers.authorization,
    form: Object.fromEntries(new URLSearchParams(body)),
  };
  asked.push(one);
  answer(response, one);
}

const provider = createServer((request, response) => void hear(request, response)).listen(0, "127.0.0.1");
const base = () => `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;

let nats: Awaited<ReturnType<typeof ownNats>>;
const gateways: Gateway[] = [];

/** Each gateway has read no discovery document yet. */
async function gatewayWith(desk: string | undefined = folder, answerMs = 60_000): Promise<Gateway> {
  const desks = { clientId: "desk.apps.test", clientSecretFile: join(folder, "secret"), resource: "https://api.test" };
  const read = readIssuers(
    "ISSUERS",
    JSON.stringify([
      { issuer: base(), audience: "desk", desk: desks },
      { issuer: `${base()}/public`, audience: "desk", desk: { clientId: "desk" } },
    ]),
  );
  if ("faults" in read) throw new Error(read.faults.join());
  const issuerTimes = { keepMs: 600_000, restMs: 100, answerMs };
  const authentication: Authentication = { keys: [], issuers: read.values, issuerTimes };
  const log = createLogger("gateway", "debug", { write: (line: string) => void lines.push(line) });
  const gateway = await openGateway(nats.nats.url, { desk, authentication, log, allowedOrigins: ["https://a.test"] });
  gateways.push(gateway);
  return gateway;
}

let gateway: Gateway;
beforeAll(async () => {
  nats = await ownNats();
  gateway = await gatewayWith();
});
beforeEach(() => {
  asked = [];
  discovery = {};
  answer = json(200, GIVEN);
});
afterAll(async () => {
  await Promise.all(gateways.map((each) => each.close(100)));
  await nats?.stop();
  provider.closeAllConnections();
  provider.close();
  rmSync(folder, { recursive: true, force: true });
  // Whatever happened in this file.
  for (const said of [SECRET, CODE, REFRESH, VERIFIER, "a.b.c"]) expect(lines.join("")).not.toContain(said);
});

const own = ({ port }: Gateway) => `http://127.0.0.1:${port}`;

interface Told {
  readonly status: number;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
}

async function ask(path: string, form?: Record<string, string> | URLSearchParams, origin?: string, at = gateway) {
  const answered = await fetch(`${own(at)}${path}`, {
    ...(form === undefined ? {} : { method: "POST", body: new URLSearchParams(form) }),
    headers: origin === "" ? {} : { origin: origin ?? own(at), cookie: "session=somebody" },
  });
  const text = await answered.text();
  expect(text).not.toContain(SECRET);
  const body = /json/.test(answered.headers.get("content-type") ?? "") ? JSON.parse(text) : {};
  return { status: answered.status, text, body } as Told;
}

const code = (more: Record<string, string> = {}) => ({
  ...{ grant_type: "authorization_code", issuer: base(), code: CODE, code_verifier: VERIFIER, ...more },
});
const refresh = (more: Record<string, string> = {}) => ({
  ...{ grant_type: "refresh_token", issuer: base(), refresh_token: REFRESH, ...more },
});
const discoveryOf = (issuer: string) => `/desk/discovery?${new URLSearchParams({ issuer })}`;
const refused = (status: number, error: string) =>
  expect.objectContaining({ status, body: expect.objectContaining({ error }) });

describe("a desk that is a confidential client", () => {
  it("tells its page that, and no secret, and lets it speak with the gateway alone", async () => {
    const { body, text } = await ask("/desk/config.json");
    expect(body.signIn).toMatchObject([{ issuer: base(), confidential: true }, { issuer: `${base()}/public` }]);
    expect(text.match(/confidential/g)).toHaveLength(1);
    expect(text).not.toMatch(/secret/i);
    const page = await fetch(`${own(gateway)}/`, { headers: { accept: "text/html" } });
    expect(page.headers.get("content-security-policy")).toMatch(`connect-src 'self' ${base()}`);
    // The one origin is the public client's issuer: they share it here.
    const alone = readIssuers(
      "ISSUERS",
      JSON.stringify([
        { issuer: base(), audience: "d", desk: { clientId: "d", clientSecretFile: join(folder, "secret") } },
      ]),
    );
    expect(alone).toMatchObject({ values: [{ desk: { clientId: "d" }, deskSecret: SECRET }] });
  });

  it("gives the page the provider's places, and its own for what takes the secret, from one look", async () => {
    const fresh = await gatewayWith();
    const [one, two] = await Promise.all([0, 1].map(() => ask(discoveryOf(base()), undefined, "", fresh)));
    expect(one?.body).toEqual({
      issuer: base(),
      authorization_endpoint: `${base()}/auth`,
      token_endpoint: "/desk/token",
      revocation_endpoint: "/desk/revoke",
    });
    expect(two).toEqual(one);
    expect(asked).toHaveLength(1);
  });

  it("asks for tokens with its own client, secret and address, whatever the page says of them", async () => {
    const theirs = { client_id: "evil", client_secret: "evil", redirect_uri: "https://evil.test", resource: "evil" };
    const { status, body } = await ask("/desk/token", code({ ...theirs, token_endpoint: "https://evil.test/token" }));
    expect([status, body]).toEqual([200, GIVEN]);
    expect(asked.at(-1)).toEqual({
      path: "/token",
      authorization: undefined,
      form: {
        ...{ grant_type: "authorization_code", code: CODE, code_verifier: VERIFIER, resource: "https://api.test" },
        ...{ redirect_uri: `${own(gateway)}/signed-in`, client_id: "desk.apps.test", client_secret: SECRET },
      },
    });
    await ask("/desk/token", code(), "https://a.test");
    expect(asked.at(-1)?.form.redirect_uri).toBe("https://a.test/signed-in");
    expect((await ask("/desk/token", refresh({ scope: "more" }))).body).toEqual(GIVEN);
    expect(asked.at(-1)?.form).toEqual({
      ...{ grant_type: "refresh_token", refresh_token: REFRESH, resource: "https://api.test" },
      ...{ client_id: "desk.apps.test", client_secret: SECRET },
    });
    expect((await ask("/desk/revoke", { issuer: base(), token: REFRESH })).status).toBe(200);
    expect(asked.at(-1)).toMatchObject({ path: "/revoke", form: { token: REFRESH, client_secret: SECRET } });
  });

  it("is asked over HTTP/2 too, as browsers do where there is TLS", async () => {
    const session = http2.connect(own(gateway));
    try {
      const about = { ":method": "POST", "content-type": "application/x-www-form-urlencoded" };
      const stream = session.request({ ":path": "/desk/token", origin: own(gateway), ...about });
      stream.end(String(new URLSearchParams(refresh())));
      expect(JSON.parse(Buffer.concat(await all<Buffer>(stream)).toString())).toEqual(GIVEN);
    } finally {
      session.close();
    }
  });

  it.each([
    ["the header alone", ["client_secret_basic"]],
    ["what it does not say, which is the header", undefined],
  ])("shows its secret in %s where the provider takes it there", async (_, methods) => {
    discovery = { token_endpoint_auth_methods_supported: methods };
    const fresh = await gatewayWith();
    expect((await ask("/desk/token", code(), undefined, fresh)).status).toBe(200);
    const { authorization = "", form } = asked.at(-1) ?? {};
    const [id, secret] = atob(authorization.replace("Basic ", "")).split(":").map(decodeURIComponent);
    expect([id, secret]).toEqual(["desk.apps.test", SECRET]);
    expect(form).not.toHaveProperty("client_secret");
  });

  it("hands on what it knows of an answer, and nothing else", async () => {
    answer = json(200, { ...GIVEN, client_secret: SECRET, scope: { not: "a text" } });
    expect((await ask("/desk/token", code())).body).toEqual(GIVEN);
  });

  it("hands on why the provider says no, in bounds", async () => {
    answer = json(401, { error: "invalid_client", error_description: `No ${SECRET} here ${"x".repeat(10_000)}` });
    const { status, body } = await ask("/desk/token", code());
    expect([status, body.error]).toEqual([400, "invalid_client"]);
    expect(body.error_description).toMatch(/^No … here x+$/);
    expect(String(body.error_description)).toHaveLength(500);
    answer = json(400, { error: "e".repeat(1_000) });
    expect(String((await ask("/desk/token", refresh())).body.error)).toHaveLength(64);
  });

  it.each<readonly [string, Answer]>([
    ["goes away", (response) => response.destroy()],
    ["fails", json(503, { error: "server_error" })],
    ["has too much to do", json(429, { error: "slow_down" })],
    ["sends it elsewhere", (response) => response.writeHead(302, { location: `${base()}/other` }).end()],
    ["gives a page", (response) => response.writeHead(200, { "content-type": "text/html" }).end("<p>")],
    ["gives nothing", (response) => response.writeHead(204).end()],
    ["gives no token", json(200, { token_type: "Bearer" })],
    ["gives no end of it", json(200, { ...GIVEN, id_token: "x".repeat(300_000) })],
  ])("says so where the provider %s", async (_, bad) => {
    answer = bad;
    expect(await ask("/desk/token", refresh())).toEqual(refused(502, "temporarily_unavailable"));
    expect(asked.filter(({ path }) => path === "/other")).toEqual([]);
  });

  it("waits for no provider for ever", async () => {
    const hasty = await gatewayWith(folder, 300);
    answer = () => undefined;
    expect(await ask("/desk/token", code(), undefined, hasty)).toEqual(refused(502, "temporarily_unavailable"));
  });

  it.each([
    ["another issuer's", { issuer: "https://evil.test" }],
    ["a place in the clear elsewhere", { token_endpoint: "http://evil.test/token" }],
    ["no place to sign in", { authorization_endpoint: undefined }],
    ["a place to sign out that is a script", { end_session_endpoint: "javascript:alert(1)" }],
    ["no way to show a secret", { token_endpoint_auth_methods_supported: ["private_key_jwt"] }],
  ])("takes no discovery document with %s", async (_, bad) => {
    discovery = bad;
    const fresh = await gatewayWith();
    expect(await ask(discoveryOf(base()), undefined, undefined, fresh)).toEqual(
      refused(502, "temporarily_unavailable"),
    );
    expect(await ask("/desk/token", code(), undefined, fresh)).toEqual(refused(502, "temporarily_unavailable"));
    expect(asked.filter(({ path }) => path === "/token")).toEqual([]);
  });
});

describe("whoever asks for tokens of others", () => {
  it("is a page of the desk, or refused", async () => {
    for (const origin of ["https://evil.test", "null"]) {
      const { status, text } = await ask("/desk/token", code(), origin);
      expect([status, text]).toEqual([403, expect.stringContaining("PERMISSION_DENIED")]);
    }
    expect(await ask("/desk/token", code(), "")).toEqual(refused(403, "invalid_request"));
    expect(await ask("/desk/revoke", { issuer: base(), token: REFRESH }, "")).toEqual(refused(403, "invalid_request"));
    expect(asked).toEqual([]);
  });

  it.each<readonly [string, () => Record<string, string>, number, string]>([
    ["of nobody", () => code({ issuer: "https://evil.test" }), 400, "invalid_request"],
    ["of a public client", () => code({ issuer: `${base()}/public` }), 400, "invalid_request"],
    ["without a code", () => code({ code: "" }), 400, "invalid_request"],
    ["without a proof of it", () => code({ code_verifier: "short" }), 400, "invalid_request"],
    ["by a password", () => code({ grant_type: "password" }), 400, "unsupported_grant_type"],
    ["with nothing to refresh", () => refresh({ refresh_token: "" }), 400, "invalid_request"],
    ["without an end", () => code({ code: "c".repeat(20_000) }), 413, "invalid_request"],
  ])("asks for none %s", async (_, form, status, error) => {
    expect(await ask("/desk/token", form())).toEqual(refused(status, error));
    expect(asked).toEqual([]);
  });

  it("says everything once, and by the verb of its place", async () => {
    const twice = new URLSearchParams(code());
    twice.append("code", "another");
    expect(await ask("/desk/token", twice)).toEqual(refused(400, "invalid_request"));
    expect(await ask("/desk/token")).toEqual(refused(405, "invalid_request"));
    expect(await ask(discoveryOf(base()), {})).toEqual(refused(405, "invalid_request"));
    expect(await ask(discoveryOf("https://evil.test"))).toEqual(refused(400, "invalid_request"));
    expect(asked).toEqual([]);
  });

  it("is told to come again where too many ask at once", async () => {
    await ask(discoveryOf(base()));
    const held: (() => void)[] = [];
    const full = new Promise<void>((resolve) => {
      answer = (response, one) => {
        held.push(() => json(200, GIVEN)(response, one));
        if (held.length === 64) resolve();
      };
    });
    const all = Array.from({ length: 64 }, () => ask("/desk/token", refresh()));
    await full;
    expect(await ask("/desk/token", refresh())).toEqual(refused(503, "temporarily_unavailable"));
    for (const go of held) go();
    expect((await Promise.all(all)).map(({ status }) => status)).toEqual(Array(64).fill(200));
    answer = json(200, GIVEN);
    expect((await ask("/desk/token", refresh())).status).toBe(200);
  });

  it("finds nothing where the desk is off", async () => {
    const off = await gatewayWith("");
    for (const path of ["/desk/token", "/desk/revoke"]) {
      const { status, text } = await ask(path, code(), undefined, off);
      expect([status, text]).toEqual([501, expect.stringContaining("UNIMPLEMENTED")]);
    }
    expect(asked).toEqual([]);
  });

  it("is heard of in the log, by what came of it", async () => {
    const fresh = await gatewayWith();
    answer = json(401, { error: "invalid_client" });
    await ask("/desk/token", code(), undefined, fresh);
    expect(lines.at(-1)).toMatch(/"why":"invalid_client".*A sign-in at the desk came to nothing/);
    discovery = { token_endpoint: undefined };
    await ask(discoveryOf(base()), undefined, undefined, await gatewayWith());
    expect(lines.join("")).toMatch(/names no https address as its token_endpoint.*The discovery document of an issuer/);
  });
});
