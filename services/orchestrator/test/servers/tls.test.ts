// The orchestrator's connections by TLS. MongoDB stands behind a door of the test that speaks TLS for it, whatever kind
// of server is found here; NATS speaks it itself.
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type Server } from "node:tls";
import { ConfigError, createLogger, type TlsFiles } from "@agentspan/internal";
import {
  type CertificateFiles,
  makeTestCertificates,
  resolveServers,
  startNats,
  startTestServers,
  type TestCertificates,
  type TestServers,
} from "@agentspan/servers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { orchestratorConfig } from "../../src/config.js";
import { MongoStore } from "../../src/mongo/mongo-store.js";
import { connectNats } from "../../src/nats/connect-nats.js";

let folder: string;
let certificates: TestCertificates;
let servers: TestServers;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "agentspan-tls-"));
  [certificates, servers] = await Promise.all([
    makeTestCertificates(folder),
    startTestServers({ own: true, sharesMongo: true }),
  ]);
});
afterAll(async () => {
  await servers.stop();
  await rm(folder, { recursive: true, force: true });
});

const pem = (path: string): string => readFileSync(path, "utf8");
const pair = ({ cert, key }: CertificateFiles) => ({ cert: pem(cert), key: pem(key) });

/** MongoDB by TLS on another port, while `use` runs. */
async function behindTls<T>(
  shown: CertificateFiles,
  asksForOne: boolean,
  use: (uri: string) => Promise<T>,
): Promise<T> {
  const options = { ...pair(shown), ca: pem(certificates.ca), requestCert: asksForOne, rejectUnauthorized: asksForOne };
  const door: Server = createServer(options, (socket) => {
    const inner = connect(servers.mongo.port, "127.0.0.1");
    for (const one of [socket, inner]) one.on("error", () => [socket, inner].map((each) => each.destroy()));
    socket.on("close", () => inner.destroy());
    socket.pipe(inner).pipe(socket);
  });
  door.on("tlsClientError", (_, socket) => socket.destroy());
  await new Promise<void>((resolve) => door.listen(0, "127.0.0.1", resolve));
  const { port } = door.address() as AddressInfo;
  try {
    return await use(`mongodb://localhost:${port}/?directConnection=true`);
  } finally {
    door.close();
  }
}

/** One that is refused waits out its time: the driver tries again, as it would while a server starts. */
const REFUSED_MS = 400;

async function storing(uri: string, tls?: TlsFiles, selectionMs = 10_000): Promise<string> {
  const times = { selectionMs };
  try {
    const store = await MongoStore.connect({
      uri,
      database: "tls",
      tls,
      logger: createLogger("test", "silent"),
      times,
    });
    await store.serverTime();
    await store.close();
    return "connected";
  } catch (error) {
    expect(error).toMatchObject({ reason: "STORE_UNAVAILABLE" });
    return "refused";
  }
}

describe("MongoDB by TLS", () => {
  it("is taken from a server whose certificate is of its host and of an authority that is trusted", async () => {
    await behindTls(certificates.right, false, async (uri) => {
      expect(await storing(uri, { ca: pem(certificates.ca) })).toBe("connected");
      expect(await storing(uri, { ca: pem(certificates.foreignCa) }, REFUSED_MS)).toBe("refused");
      expect(await storing(uri, undefined, REFUSED_MS)).toBe("refused");
    });
  });

  it.each(["wrongHost", "expired", "foreign"] as const)("is refused where its certificate is %s", async (which) => {
    await behindTls(certificates[which], false, async (uri) => {
      expect(await storing(uri, { ca: pem(certificates.ca) }, REFUSED_MS)).toBe("refused");
    });
  });

  it("shows a certificate where the server asks for one", async () => {
    await behindTls(certificates.right, true, async (uri) => {
      const ca = pem(certificates.ca);
      expect(await storing(uri, { ca, ...pair(certificates.right) })).toBe("connected");
      expect(await storing(uri, { ca }, REFUSED_MS)).toBe("refused");
    });
  });

  it("is never given up for a connection in the clear", async () => {
    expect(await storing(servers.mongoUri, { ca: pem(certificates.ca) }, REFUSED_MS)).toBe("refused");
  });
});

describe("NATS by TLS", () => {
  it("is taken where its certificate is right, and no other connection is made in its place", async () => {
    const found = await resolveServers({ own: true });
    if (!("binary" in found.nats)) throw new Error("resolveServers gave no program of its own");
    const { cert, key } = certificates.right;
    const nats = await startNats({
      binary: found.nats.binary,
      storeDir: join(folder, "nats"),
      config: `tls { cert_file: "${cert}", key_file: "${key}" }\n`,
    });
    const connecting = (url: string, tls?: TlsFiles) =>
      connectNats({ url, tls, connectTimeoutMs: 300 }).then(
        async (connection) => connection.close().then(() => "connected"),
        () => "refused",
      );
    const ca = pem(certificates.ca);
    expect(await connecting(nats.url, { ca })).toBe("connected");
    expect(await connecting(nats.url, { ca: pem(certificates.foreignCa) })).toBe("refused");
    expect(await connecting(servers.natsUrl, { ca })).toBe("refused");
    await nats.process.stop();
  });
});

describe("the orchestrator's settings of TLS", () => {
  it("are read from files, and what is wrong with them is told in one list", () => {
    const { ca, right, foreign } = certificates;
    const good = {
      AGENTSPAN_MONGODB_CA_FILE: ca,
      AGENTSPAN_NATS_CERT_FILE: right.cert,
      AGENTSPAN_NATS_KEY_FILE: right.key,
    };
    expect(orchestratorConfig(good)).toMatchObject({ mongoTls: { ca: pem(ca) }, natsTls: pair(right) });
    expect(orchestratorConfig({})).toMatchObject({ mongoTls: undefined, natsTls: undefined, authentication: false });
    const wrong = {
      AGENTSPAN_MONGODB_CERT_FILE: right.cert,
      AGENTSPAN_MONGODB_KEY_FILE: foreign.key,
      AGENTSPAN_NATS_KEY_FILE: right.key,
    };
    expect(() => orchestratorConfig(wrong)).toThrow(ConfigError);
    expect(() => orchestratorConfig(wrong)).toThrow(/MONGODB_KEY_FILE holds another key[\s\S]*NATS_KEY_FILE is set/);
  });
});
