import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError, certificateFile, keyFile, pairProblem, readConfig } from "@agentspan/internal";
import { afterAll, describe, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "agentspan-files-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const spec = { cert: certificateFile("AGENTSPAN_C", "a certificate"), key: keyFile("AGENTSPAN_K", "a key") };

function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    readConfig(spec, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe("a setting that names a file", () => {
  it("has the file's text as its value, and nothing where it is unset", () => {
    const { privateKey } = generateKeyPairSync("ed25519", {
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
      publicKeyEncoding: { type: "spki", format: "pem" },
    });
    const path = join(folder, "good.key");
    writeFileSync(path, privateKey);
    expect(readConfig(spec, { AGENTSPAN_K: path })).toEqual({ cert: undefined, key: privateKey });
  });

  it("names the file that is not there or is another, and never shows what is in it", () => {
    const path = join(folder, "bad.pem");
    writeFileSync(path, "hunter2 -----BEGIN CERTIFICATE-----\nhunter2\n-----END CERTIFICATE-----\n");
    const faults = faultsOf({ AGENTSPAN_C: path, AGENTSPAN_K: join(folder, "none") });
    expect(faults).toHaveLength(2);
    expect(faults[0]).toContain(
      `${JSON.stringify(path)}, but must be the path of another file than this one, in which`,
    );
    expect(faults[1]).toContain("the path of a file that can be read (ENOENT)");
    expect(faultsOf({ AGENTSPAN_K: path })[0]).toContain("no private key");
    expect(faultsOf({ AGENTSPAN_C: folder })[0]).toContain("EISDIR");
    expect(faults.join()).not.toContain("hunter2");
  });

  it("of a certificate needs the one of its key, and the other way round", () => {
    const names = { certVariable: "CERT", keyVariable: "KEY" };
    expect(pairProblem({ ...names, cert: undefined, key: undefined })).toBeUndefined();
    expect(pairProblem({ ...names, cert: "pem", key: undefined })).toMatch(/^CERT is set and KEY is not/);
    expect(pairProblem({ ...names, cert: undefined, key: "pem" })).toMatch(/^KEY is set and CERT is not/);
  });
});
