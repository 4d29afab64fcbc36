import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { LogFile, renameToLog } from "../src/log-file.js";

let folder: string;
let path: string;
const troubles: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "agentspan-log-"));
  path = join(folder, "gateway.log");
  troubles.length = 0;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (maxBytes?: number) =>
  new LogFile({ path, onTrouble: (why) => troubles.push(why), ...(maxBytes === undefined ? {} : { maxBytes }) });

it("begins a new file at each start and keeps the one before", () => {
  writeFileSync(path, "yesterday\n");
  const log = open();
  log.line("today");
  log.close();
  expect(readFileSync(path, "utf8")).toBe("today\n");
  expect(readFileSync(`${path}.1`, "utf8")).toBe("yesterday\n");
});

it("never holds more than twice its bound, however much is said", () => {
  const log = open(100);
  for (let i = 0; i < 50; i++) log.line(`line ${i}`);
  log.close();
  const now = readFileSync(path, "utf8");
  const before = readFileSync(`${path}.1`, "utf8");
  expect(now.length).toBeLessThanOrEqual(100);
  expect(before.length).toBeLessThanOrEqual(100);
  expect(`${before}${now}`).toMatch(/line 48\nline 49\n$/);
  expect(existsSync(`${path}.2`)).toBe(false);
});

it("tells once that lines are lost and does not throw", () => {
  const log = open(100);
  log.line("first");
  rmSync(folder, { recursive: true });
  for (let i = 0; i < 50; i++) log.line(`line ${i}`);
  log.close();
  expect(troubles).toEqual([expect.stringMatching(/gateway\.log cannot be written \(ENOENT\)/)]);
});

it("takes lines after it was closed without a word", () => {
  const log = open();
  log.close();
  log.line("late");
  expect(readFileSync(path, "utf8")).toBe("");
  expect(troubles).toEqual([]);
});

it("gives a file that is written already the name of a log, goes on in it, and keeps the one before", () => {
  const written = join(folder, "start-1.log");
  const fd = openSync(written, "a");
  writeSync(fd, "starting\n");
  writeFileSync(path, "yesterday\n");
  renameToLog(written, path);
  writeSync(fd, "running\n");
  closeSync(fd);
  expect(readFileSync(path, "utf8")).toBe("starting\nrunning\n");
  expect(readFileSync(`${path}.1`, "utf8")).toBe("yesterday\n");
  expect(existsSync(written)).toBe(false);
});
