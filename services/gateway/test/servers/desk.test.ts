import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request as requestH1 } from "node:http";
import http2 from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { readIssuers } from "../../src/auth/auth-settings.js";
import type { Gateway } from "../../src/gateway.js";
import { all, openGateway, withStack } from "./harness.js";

const PAGE = "<!doctype html><title>desk</title>";
const SCRIPT = "export const desk = true;\n".repeat(100);
const folder = mkdtempSync(join(tmpdir(), "agentspan-desk-"));
mkdirSync(join(folder, "assets"));
writeFileSync(join(folder, "index.html"), PAGE);
writeFileSync(join(folder, "assets", "main-x7k2.js"), SCRIPT);
writeFileSync(join(folder, "assets", "main-x7k2.js.br"), brotliCompressSync(SCRIPT));
writeFileSync(join(folder, "assets", "main-x7k2.js.gz"), gzipSync(SCRIPT));
writeFileSync(join(folder, "secret.pem"), "no type that a page has");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SCRIPT_PATH = "/assets/main-x7k2.js";
const stack = withStack({ desk: folder });

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}
type Headers = Readonly<Record<string, string>>;
type Ask = (path: string, headers?: Headers, method?: string, port?: number) => Promise<Answer>;

const overH1: Ask = (path, headers = {}, method = "GET", port = stack.gateway.port) =>
  new Promise((resolve, reject) => {
    const asked = requestH1({ host: "127.0.0.1", port, path, method, headers, agent: false }, (answer) => {
      all<Buffer>(answer).then((chunks) => {
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) });
      }, reject);
    });
    asked.once("error", reject);
    asked.end();
  });

const overH2: Ask = async (path, headers = {}, method = "GET", port = stack.gateway.port) => {
  const session = http2.connect(`http://127.0.0.1:${port}`);
  try {
    const { host, ...others } = headers;
    const authority = host === undefined ? {} : { ":authority": host };
    const stream = session.request({ ":path": path, ":method": method, ...authority, ...others });
    let answer: http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader = {};
    stream.on("response", (each) => {
      answer = each;
    });
    stream.end();
    const chunks = await all<Buffer>(stream);
    return { status: answer[":status"] ?? 0, headers: answer, body: Buffer.concat(chunks) };
  } finally {
    session.close();
  }
};

const JSON_CALL = { "content-type": "application/json" };
const LIST = "/agentspan.v1.ApprovalService/ListApprovals";

describe.each([
  ["HTTP/1.1", overH1],
  ["HTTP/2", overH2],
] as const)("the desk over %s", (_version, ask) => {
  it("is a page at / and at each of its places, asked about anew each time", async () => {
    for (const path of [
      "/",
      "/?from=mail",
      "/approvals/run_1/apr_2",
      "/runs",
      "/runs?agent=shop",
      "/runs/run_1",
      "/agents/a",
      "/workers",
    ]) {
      const { status, headers, body } = await ask(path, { accept: "text/html,application/xhtml+xml,*/*;q=0.8" });
      expect([status, body.toString()]).toEqual([200, PAGE]);
      expect(headers).toMatchObject({ "content-type": "text/html; charset=utf-8", "cache-control": "no-cache" });
    }
  });

  it("may run nothing but its own files, and be shown in no other page", async () => {
    for (const path of ["/", SCRIPT_PATH]) {
      const { headers } = await ask(path);
      const policy = String(headers["content-security-policy"]).split("; ");
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self'");
      expect(policy).toContain("style-src 'self'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).toContain("base-uri 'none'");
      expect(policy).toContain("form-action 'none'");
      expect(policy).toContain("connect-src 'self'");
      expect(policy.join()).not.toMatch(/unsafe|\*|http|data:/);
      expect(headers).toMatchObject({ "x-content-type-options": "nosniff", "referrer-policy": "no-referrer" });
    }
  });

  it("is told where nobody is asked who they are, and where people sign in", async () => {
    const { status, headers, body } = await ask("/desk/config.json");
    expect([status, body.toString()]).toEqual([200, '{"authentication":false,"signIn":[]}']);
    expect(headers).toMatchObject({ "content-type": "application/json", "cache-control": "no-store" });
    const head = await ask("/desk/config.json", {}, "HEAD");
    expect([head.status, head.body.length]).toEqual([200, 0]);
    expect((await ask("/desk/config.json", { host: "desk.evil.example" })).status).toBe(403);
  });

  it("sends files whose names have a hash once and for ever, as small as the browser takes them", async () => {
    const plain = await ask(SCRIPT_PATH);
    expect(plain.body.toString()).toBe(SCRIPT);
    expect(plain.headers).toMatchObject({
      "cache-control": "public, max-age=31536000, immutable",
      "content-type": "text/javascript; charset=utf-8",
      vary: "Accept-Encoding",
    });
    const br = await ask(SCRIPT_PATH, { "accept-encoding": "gzip, deflate, br, zstd" });
    expect(br.headers["content-encoding"]).toBe("br");
    expect(brotliDecompressSync(br.body).toString()).toBe(SCRIPT);
    const gzip = await ask(SCRIPT_PATH, { "accept-encoding": "br;q=0, gzip" });
    expect(gzip.headers["content-encoding"]).toBe("gzip");
    expect(gunzipSync(gzip.body).toString()).toBe(SCRIPT);
  });

  it("says of what the browser has that it has not changed", async () => {
    const { headers } = await ask(SCRIPT_PATH, { "accept-encoding": "br" });
    const etag = String(headers.etag);
    const again = await ask(SCRIPT_PATH, { "accept-encoding": "br", "if-none-match": `"other", W/${etag}` });
    expect([again.status, again.body.length]).toEqual([304, 0]);
    const plain = await ask(SCRIPT_PATH, { "if-none-match": etag });
    expect(plain.status).toBe(200);
  });

  it("answers HEAD without a body", async () => {
    const { status, headers, body } = await ask("/", {}, "HEAD");
    expect([status, body.length, headers["content-length"]]).toEqual([200, 0, String(PAGE.length)]);
  });

  it("leaves to API clients what they were told before", async () => {
    const asked = [
      ask("/", { accept: "application/json" }),
      ask("/", JSON_CALL, "POST"),
      ask("/nothing"),
      ask("/agentspan.v1.RunService/Nothing"),
      ask("/assets/other.js"),
    ];
    for (const { status, headers, body } of await Promise.all(asked)) {
      expect(status).toBe(501);
      expect(headers["content-type"]).toBe("application/json");
      expect(body.toString()).toContain("UNIMPLEMENTED");
    }
    expect((await ask("/healthz")).body.toString()).toBe("ok\n");
  });

  it("gives away no file beside its own", async () => {
    for (const path of [
      "/secret.pem",
      "/assets/../secret.pem",
      "/..%2fpackage.json",
      "/assets/main-x7k2.js.br",
      "/assets",
    ]) {
      expect((await ask(path)).status).toBe(501);
    }
  });

  it("is a page of its own where there is nothing, which repeats no address: it may be a link's", async () => {
    const token = "eyJsaW5r.0123456789abcdef.c2ln";
    for (const path of ["/nothing", `//decide/${token}`, `/Decide/${token}`, "/assets/other.js"]) {
      const { status, headers, body } = await ask(path, { accept: "text/html,*/*;q=0.8" });
      expect([status, headers["content-type"]]).toEqual([404, "text/html; charset=utf-8"]);
      expect(body.toString()).toContain("<h1>There is nothing here</h1>");
      expect(body.toString()).not.toContain(path);
      expect((await ask(path, { accept: "*/*" })).body.toString()).not.toContain(token);
      const head = await ask(path, { accept: "text/html" }, "HEAD");
      expect([head.status, head.body.length]).toEqual([404, 0]);
    }
  });

  it("is shown, while authentication is off, under this machine's own names alone", async () => {
    for (const path of ["/", SCRIPT_PATH, "/favicon.svg"]) {
      const { status, body } = await ask(path, { host: "desk.evil.example" });
      expect(status).toBe(403);
      expect(body.toString()).toContain("PERMISSION_DENIED");
    }
  });

  it("lends its rights to no page of another origin while authentication is off", async () => {
    const before = stack.orchestrator.seen.length;
    for (const origin of ["https://evil.example", "null", `http://127.0.0.1.evil.example:${stack.gateway.port}`]) {
      const { status } = await ask(LIST, { ...JSON_CALL, origin }, "POST");
      expect(status).toBe(403);
    }
    // What a form of another page can send is no call at all.
    const form = await ask(LIST, { "content-type": "text/plain" }, "POST");
    expect(form.status).toBe(415);
    expect(stack.orchestrator.seen.length).toBe(before);
  });
});

describe("a desk at which people sign in", () => {
  it("may ask its own host and the issuers' origins, and is told nothing else of them", async () => {
    const settings = [
      { issuer: "https://id.acme.test/realms/one", audience: "agentspan", desk: { clientId: "desk" } },
      { issuer: "https://other.acme.test", audience: "secret-audience", roles: { admins: ["admin"] } },
    ];
    const read = readIssuers("ISSUERS", JSON.stringify(settings));
    if ("faults" in read) throw new Error(read.faults.join());
    const gateway = await openGateway(stack.nats.url, {
      desk: folder,
      authentication: { keys: [], issuers: read.values },
    });
    try {
      const page = await overH1("/", {}, "GET", gateway.port);
      const policy = String(page.headers["content-security-policy"]).split("; ");
      expect(policy).toContain("connect-src 'self' https://id.acme.test");
      const config = await overH1("/desk/config.json", {}, "GET", gateway.port);
      expect(JSON.parse(config.body.toString())).toEqual({
        authentication: true,
        signIn: [
          {
            issuer: "https://id.acme.test/realms/one",
            clientId: "desk",
            scopes: ["openid", "profile"],
            token: "access",
          },
        ],
      });
    } finally {
      await gateway.close(100);
    }
  });
});

describe("a gateway", () => {
  const opened: Gateway[] = [];
  afterAll(() => Promise.all(opened.map((gateway) => gateway.close(100))));

  it.each([
    ["whose desk was not built", join(folder, "assets")],
    ["whose desk is off", undefined],
  ])("%s does all else", async (_which, desk) => {
    const gateway = await openGateway(stack.nats.url, { desk });
    opened.push(gateway);
    expect((await overH1("/", { accept: "text/html" }, "GET", gateway.port)).status).toBe(404);
    // A proxy's form of a request.
    const whole = "http://localhost/decide/eyJsaW5r.0123456789abcdef.c2ln";
    for (const accept of ["text/html", "*/*"]) {
      expect((await overH1(whole, { accept }, "GET", gateway.port)).body.toString()).not.toContain("eyJsaW5r");
    }
    expect((await overH1("/healthz", {}, "GET", gateway.port)).status).toBe(200);
  });
});
