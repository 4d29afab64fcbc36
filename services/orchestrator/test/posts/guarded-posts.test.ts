// How messages are posted: to a server of this machine, on a real socket.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { AddressRule } from "../../src/posts/address-rule.js";
import { GuardedPosts, type GuardedPostsOptions } from "../../src/posts/guarded-posts.js";

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const close of closing.splice(0)) await close();
});

interface Heard {
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

async function receiver(answer: (response: ServerResponse) => void = (response) => response.writeHead(204).end()) {
  const heard: Heard[] = [];
  let connections = 0;
  const server: Server = createServer((request, response) => {
    let body = "";
    request.on("data", (piece) => {
      body += String(piece);
    });
    request.on("end", () => {
      heard.push({ url: request.url ?? "", headers: request.headers, body });
      answer(response);
    });
  });
  server.on("connection", () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { port, heard, connections: () => connections };
}

function posts(allow: readonly string[], more: Partial<GuardedPostsOptions> = {}): GuardedPosts {
  const rule = AddressRule.of(allow);
  if (!(rule instanceof AddressRule)) throw new Error(rule.fault);
  const made = new GuardedPosts({ rule, ...more });
  closing.push(() => made.close());
  return made;
}

describe("a post", () => {
  it("arrives as it was given, with its headers", async () => {
    const { port, heard } = await receiver();
    const answer = await posts(["127.0.0.1"]).post(`http://127.0.0.1:${port}/in?a=1`, { "webhook-id": "m" }, "ž{}");
    expect(answer).toEqual({ kind: "answered", status: 204 });
    const headers = { "webhook-id": "m", "content-type": "application/json", "user-agent": "Agentspan-Webhooks" };
    expect(heard).toMatchObject([{ url: "/in?a=1", body: "ž{}", headers }]);
  });

  it("goes to the very address that was asked of the rule, though its name means another a moment later", async () => {
    const { port, heard } = await receiver();
    const asked: string[] = [];
    // What an attacker's name server says: first where it may be sent, and from then on where it may not.
    const resolve: GuardedPostsOptions["resolve"] = (host, answer) => {
      asked.push(host);
      answer(null, [{ address: asked.length === 1 ? "127.0.0.1" : "127.0.0.9", family: 4 }]);
    };
    const some = posts(["127.0.0.1"], { resolve });
    expect(await some.post(`http://rebinding.test:${port}/`, {}, "{}")).toMatchObject({ status: 204 });
    expect(asked).toEqual(["rebinding.test"]);
    const fresh = posts(["127.0.0.1"], { resolve });
    expect(await fresh.post(`http://rebinding.test:${port}/`, {}, "{}")).toMatchObject({
      why: expect.stringContaining("nothing is sent there"),
    });
    expect(heard).toHaveLength(1);
  });

  it("opens no connection to an address that is refused, also where only one of several is", async () => {
    const { port, connections } = await receiver();
    const mixed: GuardedPostsOptions["resolve"] = (_, answer) => {
      const addresses = ["127.0.0.1", "10.0.0.1"].map((address) => ({ address, family: 4 }));
      answer(null, addresses);
    };
    const refused = { kind: "failed", why: expect.stringMatching(/^nothing is sent there, because/) };
    expect(await posts(["127.0.0.1"], { resolve: mixed }).post(`http://mixed.test:${port}/`, {}, "{}")).toEqual(
      refused,
    );
    expect(await posts([]).post(`https://localhost:${port}/`, {}, "{}")).toEqual(refused);
    expect(await posts([]).post(`https://127.0.0.1:${port}/`, {}, "{}")).toEqual(refused);
    expect(await posts([]).post(`http://127.0.0.1:${port}/`, {}, "{}")).toEqual(refused);
    expect(connections()).toBe(0);
  });

  it("follows no redirect", async () => {
    const [inner, outer] = [await receiver(), await receiver((to) => to.writeHead(302, { location: where }).end())];
    const where = `http://127.0.0.1:${inner.port}/secret`;
    const answer = await posts(["127.0.0.1"]).post(`http://127.0.0.1:${outer.port}/`, {}, "{}");
    expect(answer).toEqual({ kind: "answered", status: 302 });
    expect(inner.connections()).toBe(0);
  });

  it("takes no proxy from the environment", async () => {
    const [proxy, { port, heard }] = [await receiver(), await receiver()];
    for (const name of ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"]) {
      vi.stubEnv(name, `http://127.0.0.1:${proxy.port}`);
    }
    await posts(["127.0.0.1"]).post(`http://127.0.0.1:${port}/`, {}, "{}");
    expect(heard).toHaveLength(1);
    expect(proxy.connections()).toBe(0);
  });

  it("reads little of an answer that has no end", async () => {
    let written = 0;
    const { port } = await receiver((response) => {
      response.writeHead(200);
      const piece = Buffer.alloc(64 * 1024);
      const more = (): void => {
        while (!response.destroyed && written < 1e9) {
          written += piece.length;
          if (!response.write(piece)) {
            response.once("drain", more);
            return;
          }
        }
      };
      more();
    });
    const answer = await posts(["127.0.0.1"]).post(`http://127.0.0.1:${port}/`, {}, "{}");
    expect(answer).toEqual({ kind: "answered", status: 200 });
    expect(written).toBeLessThan(50e6);
  });

  it("is given up where nobody answers in time, or the process stops", async () => {
    const silent = createTcpServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    closing.push(() => void silent.close());
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/`;
    const late = await posts(["127.0.0.1"], { timeoutMs: 100 }).post(url, {}, "{}");
    expect(late).toEqual({ kind: "failed", why: "it did not answer within 100 ms" });
    const stopping = posts(["127.0.0.1"]);
    const given = stopping.post(url, {}, "{}");
    await stopping.close();
    expect(await given).toMatchObject({ kind: "failed" });
  });

  it("hears when a receiver wants to be asked again", async () => {
    let header = "7";
    const { port } = await receiver((response) => response.writeHead(503, { "retry-after": header }).end());
    const url = `http://127.0.0.1:${port}/`;
    const some = posts(["127.0.0.1"]);
    expect(await some.post(url, {}, "{}")).toEqual({ kind: "answered", status: 503, retryAfterMs: 7_000 });
    header = new Date(Date.now() + 3_600_000).toUTCString();
    const answer = await some.post(url, {}, "{}");
    expect(answer).toMatchObject({ retryAfterMs: expect.any(Number) });
    expect("retryAfterMs" in answer && (answer.retryAfterMs ?? 0) > 3_000_000).toBe(true);
    header = "soon";
    expect(await some.post(url, {}, "{}")).toEqual({ kind: "answered", status: 503 });
  });

  it("that cannot be sent says why, and nothing of what it has", async () => {
    const { port } = await receiver();
    for (const close of closing.splice(0)) await close();
    const answer = await posts(["127.0.0.1"]).post(`http://127.0.0.1:${port}/?token=secret`, {}, '{"a":"secret"}');
    expect(answer).toEqual({ kind: "failed", why: "it could not be reached: ECONNREFUSED" });
  });
});

describe("whether something may be sent", () => {
  it("is told of the addresses that its host has now, and left open where it has none", async () => {
    const resolve: GuardedPostsOptions["resolve"] = (host, answer) => {
      if (host === "gone.test") answer(new Error("ENOTFOUND"), []);
      else answer(null, [{ address: host === "inner.test" ? "10.0.0.1" : "8.8.8.8", family: 4 }]);
    };
    const some = posts([], { resolve });
    expect(await some.problem("https://outer.test/")).toBeUndefined();
    expect(await some.problem("https://gone.test/")).toBeUndefined();
    expect(await some.problem("https://inner.test/")).toContain("its host is at 10.0.0.1");
    expect(await some.problem("https://10.0.0.1/")).toContain("its host is at 10.0.0.1");
  });
});
