// `agentspan audit verify` on files: what it says and how it exits. What it finds is tested where it is found.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AuditEntry, auditLine, newSigningKey, sealed, signingKey } from "@agentspan/internal";
import { afterAll, beforeAll, expect, it } from "vitest";
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
  await writeFile(at("empty.jsonl"), "");
});

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
    out: "As it was written: 2 entries in 1 chain, 2 of them signed by trusted keys.\n",
    err: "",
  });
});

it("says without keys that no signature was looked at", async () => {
  const { code, out } = await verify(at("good.jsonl"));
  expect(code).toBe(0);
  expect(out).toContain("No signature was looked at: name the file of trusted keys for that.\n");
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
