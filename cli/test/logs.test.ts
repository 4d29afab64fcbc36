import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CHILDREN } from "@agentspan/local";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { entriesOf, inOrder, timeOfLine } from "../src/logs/log-entry.js";
import { LogReader } from "../src/logs/log-reader.js";
import { LOGS } from "../src/server-program.js";

it("there are logs of the server in the background and of each process of a stack", () => {
  expect(LOGS).toEqual(["server", ...CHILDREN]);
});

describe("the time of a line", () => {
  const local = (text: string) => new Date(text).getTime();
  it.each([
    ['{"level":"info","time":"2026-11-30T17:16:12.157Z","msg":"x"}', Date.UTC(2026, 10, 30, 17, 16, 12, 157)],
    ['{"t":{"$date":"2026-11-30T17:16:12.157+01:00"},"s":"I"}', Date.UTC(2026, 10, 30, 16, 16, 12, 157)],
    ["[28533] 2026/11/30 17:16:06.544247 [INF] Starting", local("2026-11-30T17:16:06.544")],
    ["2026-11-30 17:16:07,389 INFO secantus.cli: loaded", local("2026-11-30T17:16:07.389")],
    ["    at something (file.js:1:2)", undefined],
    ['{"level":"info","time":"soon"}', undefined],
  ])("is read from %s", (line, at) => {
    expect(timeOfLine(line)).toBe(at);
  });

  it("is that of the line before where it has none, and puts the lines of processes in one order", () => {
    const one = entriesOf("gateway", [
      "2026-11-30 10:00:02,000 b",
      "  more",
      "2026-11-30 10:00:01,000 its clock was set back",
    ]);
    const other = entriesOf("nats", ["2026/11/30 10:00:01.000 a", "2026/11/30 10:00:03.000 c"]);
    expect(inOrder([...one, ...other]).map(({ line }) => line.slice(-7))).toEqual([
      "1.000 a",
      "2,000 b",
      "  more",
      "et back",
      "3.000 c",
    ]);
  });
});

describe("a log that is followed", () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "agentspan-logs-"));
    path = join(folder, "gateway.log");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("gives whole lines, each once, over the change to a new file", () => {
    const reader = new LogReader(path);
    expect(reader.read()).toEqual([]);
    writeFileSync(path, "one\ntw");
    expect(reader.read()).toEqual(["one"]);
    appendFileSync(path, "o\n");
    expect(reader.read()).toEqual(["two"]);
    appendFileSync(path, "three\n");
    renameSync(path, `${path}.1`);
    writeFileSync(path, "four\n");
    expect(reader.read()).toEqual(["three", "four"]);
    expect(reader.read()).toEqual([]);
    reader.close();
  });

  it("keeps a character that was written in two parts", () => {
    const reader = new LogReader(path);
    const bytes = Buffer.from("grün\n");
    writeFileSync(path, bytes.subarray(0, 3));
    expect(reader.read()).toEqual([]);
    appendFileSync(path, bytes.subarray(3));
    expect(reader.read()).toEqual(["grün"]);
    reader.close();
  });
});
