// agentspan worker credentials, and the key that it takes.
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { permitFault, permitLimit, readCredentials, TRUSTED_KEYS_FILE, TrustedKeys } from "@agentspan/internal";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { main } from "../src/main.js";
import { capturedOutput } from "./captured-output.js";

const folder = mkdtempSync(join(tmpdir(), "agentspan-credentials-"));
const keys = join(folder, "keys");
afterAll(() => rmSync(folder, { recursive: true }));

async function agentspan(...args: readonly string[]): Promise<{ code: number; said: string }> {
  const { output, out, err } = capturedOutput();
  const code = await main([...args], output);
  return { code, said: out() + err() };
}

function credentials(out: string, ...more: readonly string[]) {
  return agentspan("worker", "credentials", ...more, "--keys", keys, "--out", join(folder, out));
}

function trustedIn(place: string): TrustedKeys {
  const read = TrustedKeys.read(readFileSync(join(place, TRUSTED_KEYS_FILE), "utf8"));
  if (read instanceof TrustedKeys) return read;
  throw new Error(read.faults.join("; "));
}

describe("without a key for permits", () => {
  it("says how to make one", async () => {
    const { code, said } = await credentials("none", "refunds-1", "--tool", "support/refund");
    expect(code).toBe(1);
    expect(said).toContain(`Make one with: agentspan signing-keys create ${keys} --for permit`);
  });

  it("nobody is asked for a permit: keys that are made unasked have none", async () => {
    const plain = join(folder, "plain");
    await agentspan("signing-keys", "create", plain);
    expect(trustedIn(plain).any("permits")).toBe(false);
  });
});

describe("with a key for permits", () => {
  beforeAll(async () => {
    const { code, said } = await agentspan("signing-keys", "create", keys, "--for", "permit");
    expect(code).toBe(0);
    expect(said).toContain("agentspan worker credentials <id>");
  });

  it("makes a file that nobody else reads, with a permit that holds, and a user for the NATS server", async () => {
    const args = ["refunds-1", "refunds-2", "--tool", "support/refund", "billing/desk/charge"];
    const { code, said } = await credentials("made", ...args);
    expect(code).toBe(0);
    const path = join(folder, "made", "refunds-1.credentials.json");
    expect(said).toContain(`AGENTSPAN_WORKER_CREDENTIALS_FILE=${path}`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const read = readCredentials(readFileSync(path, "utf8"));
    const { at, until } = read?.permit ?? {};
    if (read === undefined || at === undefined || until === undefined) throw new Error("These are no credentials.");
    const { keyId, signature, workers, tools: named } = read.permit;
    const tools = named.map(({ namespace, queue, name }) => ({ namespace, queue, name }));
    expect(tools).toEqual([
      { namespace: "default", queue: "support", name: "refund" },
      { namespace: "billing", queue: "desk", name: "charge" },
    ]);
    const permit = { workers, tools, at: timestampMs(at), until: timestampMs(until), keyId, signature };
    const now = Date.now();
    expect(permitFault(permit, { workerId: "refunds-2", trusted: trustedIn(keys), now })).toBeUndefined();
    expect(permitLimit(permit, tools, now)).toBeUndefined();
    const user = JSON.parse(said.split("\n").findLast((line) => line.trim().startsWith("{")) ?? "{}");
    expect(user.nkey).toMatch(/^U[A-Z2-7]{55}$/);
    expect(said).not.toContain(read.nkeySeed);
    const { publish, subscribe } = user.permissions;
    expect(publish).toContain("agentspan.worker.refunds-1.>");
    expect(publish).toContain("agentspan.worker.refunds-2.>");
    expect(subscribe).toEqual(["_INBOX_refunds-1.>", "_INBOX_refunds-2.>"]);
  });

  it("writes over no file", async () => {
    await credentials("twice", "w", "--tool", "q/t");
    const { code, said } = await credentials("twice", "w", "--tool", "q/t");
    expect(code).toBe(1);
    expect(said).toContain("it is there already");
  });

  it.each([
    ["an id that is no token", ["w.1", "--tool", "q/t"], "is no worker id"],
    ["an id for all", ["*", "--tool", "q/t"], "is no worker id"],
    ["every tool of a queue", ["w", "--tool", "q/*"], "--tool takes <queue>/<tool>"],
    ["a tool without its queue", ["w", "--tool", "t"], "--tool takes <queue>/<tool>"],
    ["a tool of too many parts", ["w", "--tool", "a/b/c/d"], "--tool takes <queue>/<tool>"],
    ["no tool", ["w"], "equired option '--tool"],
    ["a time without a unit", ["w", "--tool", "q/t", "--expires", "7"], "with its unit"],
  ])("refuses %s", async (_, args, words) => {
    const { code, said } = await credentials("refused", ...args);
    expect(code).not.toBe(0);
    expect(said).toContain(words);
  });
});
