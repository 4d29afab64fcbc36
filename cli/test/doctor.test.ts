import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { machineChecks, nodeCheck } from "../src/doctor/machine-checks.js";
import { clockCheck } from "../src/doctor/server-checks.js";

describe("Node", () => {
  it.each([
    ["20.19.0", "ok"],
    ["22.0.0", "ok"],
    ["20.18.9", "fault"],
    ["18.20.0", "fault"],
  ])("%s is %s", (version, state) => {
    expect(nodeCheck(version)).toMatchObject({ state, found: version });
  });
});

describe("the clock", () => {
  const now = Date.UTC(2026, 10, 30, 12);
  const off = (ms: number) => clockCheck(new Date(now - ms).toUTCString(), now)[0];
  it("is compared with the server's, as far as that is told", () => {
    expect(off(1_000)).toMatchObject({ state: "ok" });
    expect(off(10_000)).toMatchObject({ state: "note", found: "10 s ahead of the server's" });
    expect(off(-120_000)).toMatchObject({ state: "fault", found: "2 min behind the server's" });
    expect(clockCheck(null, now)).toEqual([]);
  });
});

describe("this machine", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "agentspan-doctor-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const checks = (more: { dataDir?: string; port?: number }, env: Readonly<Record<string, string>>) =>
    machineChecks({ dataDir: folder, port: 0, grpcPort: 0, natsPort: undefined, auth: false, ...more }, env);
  const named = { NATS_URL: "nats://127.0.0.1:4222", MONGODB_URI: "mongodb://127.0.0.1" };

  it("has its servers as they are named, and says which keys are set, never what they are", async () => {
    const found = await checks({}, { ...named, OPENAI_API_KEY: "sk-never-shown" });
    expect(found).toContainEqual({ name: "NATS", state: "ok", found: "as NATS_URL names it" });
    expect(found).toContainEqual({ name: "Models", state: "ok", found: "OPENAI_API_KEY set here" });
    expect(JSON.stringify(found)).not.toContain("sk-never-shown");
  });

  it("says how to get servers where there are none, and cannot be fetched", async () => {
    const found = await checks({}, { PATH: folder, XDG_CACHE_HOME: folder });
    for (const name of ["NATS", "MongoDB"]) {
      const check = found.find((one) => one.name === name);
      expect(check).toMatchObject({ state: "fault", remedy: expect.stringMatching(/Python.*NATS_URL/s) });
    }
  });

  it("has a data folder that a start would refuse since others may read it, and says how to close it", async () => {
    const dataDir = join(folder, "open");
    mkdirSync(dataDir);
    chmodSync(dataDir, 0o755);
    writeFileSync(join(dataDir, "letter"), "");
    const [check] = (await checks({ dataDir }, named)).filter(({ name }) => name === "Data folder");
    expect(check).toEqual({
      ...{ name: "Data folder", state: "fault" },
      found: `${dataDir} is open to other users, and holds other things too`,
      remedy: `Name another with --data, or close it with: chmod 700 ${dataDir}`,
    });
  });

  it("names a port that is taken, and a folder that is none", async () => {
    const other = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const address = other.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const file = join(folder, "file");
    writeFileSync(file, "", { mode: 0o400 });
    const found = await checks({ port, dataDir: join(file, "below") }, named);
    expect(found).toContainEqual({
      ...{ name: `Port ${port}`, state: "fault", found: "taken by another program" },
      remedy: "Start the server with another --port, or stop that program.",
    });
    expect(found.find(({ name }) => name === "Data folder")).toMatchObject({ state: "fault" });
    await new Promise((resolve) => other.close(resolve));
  });
});
