import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readApiKey } from "@agentspan/internal";
import { afterEach, beforeEach, expect, it } from "vitest";
import { adminKey, adminKeyPath } from "../src/admin-key.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "agentspan-admin-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it("makes the admin's key once, for its owner's eyes, and gives on a hash of it", async () => {
  const first = await adminKey(folder);
  expect(first).toMatchObject({ path: join(folder, "admin.key"), made: true });
  expect(statSync(first.path).mode & 0o777).toBe(0o600);
  const text = readFileSync(first.path, "utf8").trim();
  const { keyId, secretSha256 } = readApiKey(text) ?? { keyId: "", secretSha256: new Uint8Array() };
  expect(JSON.parse(first.setting)).toEqual([
    { id: keyId, sha256: Buffer.from(secretSha256).toString("hex"), owner: "admin", roles: ["admin"] },
  ]);
  chmodSync(first.path, 0o644);
  expect(await adminKey(folder)).toEqual({ ...first, made: false });
  expect(statSync(first.path).mode & 0o777).toBe(0o600);
});

it("is found where it was made before, and made by nobody who only looks", async () => {
  expect(adminKeyPath(folder)).toBeUndefined();
  const { path } = await adminKey(folder);
  expect(adminKeyPath(folder)).toBe(path);
});

it("takes no file that holds something else, and does not show what it holds", async () => {
  writeFileSync(join(folder, "admin.key"), "hunter2");
  await expect(adminKey(folder)).rejects.toThrow(/admin\.key holds no API key(?!.*hunter2)/);
});
