import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TlsFiles } from "@agentspan/internal";
import { makeTestCertificates, type TestCertificates } from "@agentspan/servers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defaultLogger } from "../../src/logger.js";
import { NatsLink } from "../../src/worker/nats-link.js";
import { natsTls } from "../../src/worker/nats-tls.js";
import { startOwnNats } from "./own-nats.js";

let folder: string;
let certificates: TestCertificates;
let secured: Awaited<ReturnType<typeof startOwnNats>>;
let plain: Awaited<ReturnType<typeof startOwnNats>>;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "agentspan-sdk-tls-"));
  certificates = await makeTestCertificates(folder);
  const { ca, right } = certificates;
  [secured, plain] = await Promise.all([
    startOwnNats(`tls { cert_file: "${right.cert}", key_file: "${right.key}", ca_file: "${ca}", verify: true }\n`),
    startOwnNats(),
  ]);
});
afterAll(async () => {
  await Promise.all([secured.stop(), plain.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

async function serving(url: string, tls?: TlsFiles): Promise<string> {
  const { signal } = new AbortController();
  try {
    const link = await NatsLink.open({ url, tls, workerId: "w1", logger: defaultLogger(), patienceMs: 0, signal });
    await link.close();
    return "connected";
  } catch (error) {
    expect(error).toMatchObject({ reason: "BUS_UNAVAILABLE" });
    return "refused";
  }
}

describe("a worker's connection to NATS", () => {
  it("is made by TLS as the environment says, and never in the clear instead", async () => {
    const { ca, right, foreignCa } = certificates;
    const own = { AGENTSPAN_NATS_CERT_FILE: right.cert, AGENTSPAN_NATS_KEY_FILE: right.key };
    expect(await serving(secured.url, natsTls({ ...own, AGENTSPAN_NATS_CA_FILE: ca, MORE: "x" }))).toBe("connected");
    expect(await serving(secured.url, natsTls({ ...own, AGENTSPAN_NATS_CA_FILE: foreignCa }))).toBe("refused");
    expect(await serving(plain.url, natsTls({ AGENTSPAN_NATS_CA_FILE: ca }))).toBe("refused");
    expect(await serving(plain.url.replace("nats:", "tls:"))).toBe("refused");
    expect(await serving(plain.url, natsTls({}))).toBe("connected");
  });

  it("names the files that cannot be used", () => {
    const { right, wrongHost } = certificates;
    const wrong = { AGENTSPAN_NATS_CERT_FILE: right.cert, AGENTSPAN_NATS_KEY_FILE: wrongHost.key };
    expect(() => natsTls(wrong)).toThrow(expect.objectContaining({ reason: "INVALID_REQUEST" }));
    expect(() => natsTls(wrong)).toThrow(/AGENTSPAN_NATS_KEY_FILE holds another key/);
    expect(() => natsTls({ AGENTSPAN_NATS_CA_FILE: "/nowhere" })).toThrow(/AGENTSPAN_NATS_CA_FILE .*ENOENT/);
  });
});
