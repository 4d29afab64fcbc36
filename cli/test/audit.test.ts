// `agentspan audit verify` on files: what it says and how it exits. What it finds is tested where it is found.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AuditEntry, auditLine, newSigningKey, sealed, signingKey } from "@agentspan/internal";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { main } from "../src/main.js";
import { capturedOutput } from "./captured-output.js";

const own = newSigningKey();
const KEY = signingKey(own.pem);
let folder = "";
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "agentspan-audit-"));
  const first = sealed(entry(4, "requested", ""), KEY, 1_000);
  const last = sealed(entry(9, "ended", first.hash), KEY, 1_000);
  const lines = ['{"agentspanAudit":1}', auditLine(first), auditLine(last)];
  const trusted = { gateways: [], orchestrators: [{ id: own.id, public: own.public }] };
  await writeFile(at("trusted.json"), JSON.stringify(trusted));
  await writeFile(at("other.json"), JSON.stringify({ gateways: [], orchestrators: [] }));
  await writeFile(at("good.jsonl"), `${lines.join("\n")}\n`);
  await writeFile(at("changed.jsonl"), `${lines.join("\n").replace("buy\u2028two", "buy\u2028ten")}\n`);
  const unsigned = [first, last].map(({ entry: one, hash }) => auditLine({ entry: one, hash }));
  await writeFile(at("unsigned.jsonl"), `${unsigned.join("\n")}\n`);
  const half = [auditLine({ entry: first.entry, hash: first.hash }), auditLine(last)];
  await writeFile(at("half.jsonl"), `${half.join("\n")}\n`);
  await writeFile(at("empty.jsonl"), "");
});

beforeEach(() => vi.stubEnv("AGENTSPAN_TRUSTED_KEYS_FILE", ""));
afterEach(() => vi.unstubAllEnvs());

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

function entry(sequence: number, kind: "requested" | "ended", previous: string): AuditEntry {
  const about = { chain: "run", run: "run_a", namespace: "default" } as const;
  return { ...about, sequence, at: 1_700_000_000_000, kind, previous, comment: "buy\u2028two" };
}

async function verify(...args: readonly string[]) {
  const captured = capturedOutput();
  const code = await main(["audit", "verify", ...args], captured.output);
  return { code, out: captured.out(), err: captured.err() };
}

it("says that an export is as it was written", async () => {
  expect(await verify(at("good.jsonl"), "--trusted-keys", at("trusted.json"))).toEqual({
    code: 0,
    out: `As it was written: 2 entries in 1 chain, 2 of them signed by keys of ${at("trusted.json")}.\n`,
    err: "",
  });
});

it("takes the keys of the environment where none are named", async () => {
  vi.stubEnv("AGENTSPAN_TRUSTED_KEYS_FILE", at("trusted.json"));
  expect((await verify(at("good.jsonl"))).out).toContain("signed by keys of ");
  expect(await verify(at("unsigned.jsonl"))).toMatchObject({ code: 1, out: expect.stringContaining("and not signed") });
  vi.stubEnv("AGENTSPAN_TRUSTED_KEYS_FILE", at("none.json"));
  expect((await verify(at("good.jsonl"))).code).toBe(2);
});

it("says without keys what it checked and what not, and never that all is as it was written", async () => {
  for (const [file, note] of [
    ["good.jsonl", "No signature was looked at: whoever can write"],
    ["unsigned.jsonl", "No entry is signed: whoever can write"],
  ] as const) {
    const { code, out } = await verify(at(file));
    expect(code).toBe(0);
    expect(out).toContain(note);
    expect(out).toContain("Checked: the hashes and the order of 2 entries in 1 chain, which hang together.\n");
    expect(out).toContain("Not checked: who wrote them.");
    expect(out).not.toContain("As it was written");
  }
});

it("demands signatures where it is told to", async () => {
  const strict = (file: string, ...args: readonly string[]) => verify(at(file), "--require-signatures", ...args);
  const keys = ["--trusted-keys", at("trusted.json")] as const;
  expect(await strict("good.jsonl")).toMatchObject({ code: 2, err: expect.stringContaining("--trusted-keys") });
  expect((await strict("good.jsonl", ...keys)).code).toBe(0);
  expect((await verify(at("half.jsonl"), ...keys)).code).toBe(0);
  expect(await strict("half.jsonl", ...keys)).toMatchObject({
    code: 1,
    out: expect.stringContaining("line 1, run_a/000000004: it is not signed\n"),
  });
});

it("names the line and the entry that was changed, and exits with 1", async () => {
  const { code, out, err } = await verify(at("changed.jsonl"), "--trusted-keys", at("trusted.json"));
  expect(code).toBe(1);
  expect(out).toContain("line 2, run_a/000000004: it was changed: its hash is not that of what it says\n");
  expect(err).toContain("is not as it was written: 1 thing is wrong with it.");
});

it("believes no other keys", async () => {
  const { code, out } = await verify(at("good.jsonl"), "--trusted-keys", at("other.json"));
  expect(code).toBe(1);
  expect(out).toContain("is no trusted key of an orchestrator");
});

it("does not take nothing for something that is right", async () => {
  expect((await verify(at("empty.jsonl"))).code).toBe(1);
  expect(await verify(at("none.jsonl"))).toMatchObject({
    code: 2,
    err: expect.stringContaining("there is no such file"),
  });
  expect((await verify(at("good.jsonl"), "--trusted-keys", at("good.jsonl"))).code).toBe(2);
});
