// What a worker makes of the file of its credentials.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { credentialsText, newSigningKey, newWorkerCredentials, signingKey } from "@agentspan/internal";
import { afterAll, expect, it } from "vitest";
import { readWorkerCredentials, workerIdFor } from "../src/worker/worker-credentials.js";

const folder = mkdtempSync(join(tmpdir(), "agentspan-credentials-"));
const key = signingKey(newSigningKey().pem);
afterAll(() => rmSync(folder, { recursive: true }));

function fileFor(...workers: readonly string[]): string {
  const path = join(folder, `${workers.join("-")}.json`);
  writeFileSync(path, credentialsText(newWorkerCredentials({ workers, tools: [], at: 1, until: 2 }, key)));
  return path;
}

it("they give the worker its id where they are for one, and hold it to theirs where it has one", () => {
  const one = readWorkerCredentials(fileFor("refunds"));
  const two = readWorkerCredentials(fileFor("refunds-1", "refunds-2"));
  expect(workerIdFor(one, undefined)).toBe("refunds");
  expect(workerIdFor(two, "refunds-2")).toBe("refunds-2");
  expect(() => workerIdFor(two, undefined)).toThrow("for several: choose workerId among refunds-1, refunds-2.");
  expect(() => workerIdFor(one, "billing")).toThrow("for refunds, and not for workerId billing.");
  expect(one.nkeySeed).toMatch(/^SU/);
});

it.each([
  ["that is not there", "none.json", undefined, /cannot be read/],
  ["that is no JSON", "odd.json", "SUAsecret", /is not what agentspan worker credentials makes/],
  ["without a permit", "bare.json", "{}", /is not what agentspan worker credentials makes/],
  ["for nobody", "nobody.json", '{"permit":{}}', /is not what agentspan worker credentials makes/],
])("a file %s is refused with its path, and without a word of what is in it", (_, name, text, why) => {
  const path = join(folder, name);
  if (text !== undefined) writeFileSync(path, text);
  const read = () => readWorkerCredentials(path);
  expect(read).toThrow(why);
  expect(read).toThrow(path);
  expect(read).not.toThrow(/SUA/);
});
