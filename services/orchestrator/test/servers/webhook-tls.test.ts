// Receivers of webhooks by TLS: only one whose certificate is of its host is told anything.
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CertificateFiles, makeTestCertificates, type TestCertificates } from "@agentspan/servers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { AddressRule } from "../../src/posts/address-rule.js";
import { GuardedPosts } from "../../src/posts/guarded-posts.js";

let folder: string;
let certificates: TestCertificates;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "agentspan-webhook-tls-"));
  certificates = await makeTestCertificates(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const pem = (path: string): string => readFileSync(path, "utf8");

/** What is answered to a post to a receiver that shows a certificate, and what it heard. */
async function posted(shown: CertificateFiles, { host = "localhost", trusts = true } = {}) {
  const heard: string[] = [];
  const server = createServer({ cert: pem(shown.cert), key: pem(shown.key) }, (request, response) => {
    heard.push(request.url ?? "");
    response.writeHead(204).end();
  });
  server.on("tlsClientError", (_, socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const rule = AddressRule.of(["127.0.0.1"]);
  if (!(rule instanceof AddressRule)) throw new Error(rule.fault);
  const posts = new GuardedPosts({
    rule,
    resolve: (_, answer) => answer(null, [{ address: "127.0.0.1", family: 4 }]),
    ...(trusts ? { ca: [pem(certificates.ca)] } : {}),
  });
  try {
    const { port } = server.address() as AddressInfo;
    return { answer: await posts.post(`https://${host}:${port}/in`, {}, "{}"), heard };
  } finally {
    await posts.close();
    server.closeAllConnections();
    server.close();
  }
}

it("tells one whose certificate is of its host, by whatever address that was found", async () => {
  expect(await posted(certificates.right)).toEqual({ answer: { kind: "answered", status: 204 }, heard: ["/in"] });
});

it("tells none whose certificate is of another host, has expired, or is by an authority that nobody trusts", async () => {
  const refused = { answer: { kind: "failed", why: expect.stringMatching(/^it could not be reached: /) }, heard: [] };
  expect(await posted(certificates.wrongHost)).toEqual(refused);
  expect(await posted(certificates.right, { host: "hooks.acme.test" })).toEqual(refused);
  expect(await posted(certificates.expired)).toEqual(refused);
  expect(await posted(certificates.foreign)).toEqual(refused);
  expect(await posted(certificates.right, { trusts: false })).toEqual(refused);
});
