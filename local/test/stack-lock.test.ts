import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { recordOf } from "../src/process-birth.js";
import { childrenToEnd, runningStack, StackLock } from "../src/stack-lock.js";

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "agentspan-lock-"));
});
afterEach(() => rmSync(dataDir, { recursive: true }));

const files = () => readdirSync(join(dataDir, "lock"));
/** As a command that was killed leaves it: the owner's pid is somebody else's by now. */
function killOwner(): void {
  const [file = ""] = files();
  const path = join(dataDir, "lock", file);
  const record = JSON.parse(readFileSync(path, "utf8"));
  writeFileSync(path, JSON.stringify({ ...record, owner: { ...record.owner, birth: "long ago" } }));
}

describe("one command at a time", () => {
  it("tells a second one who runs, where, and what to do", () => {
    const lock = StackLock.take(dataDir);
    lock.note({ url: "http://127.0.0.1:6767" });
    expect(() => StackLock.take(dataDir)).toThrow(
      `An Agentspan server runs on this data already: process ${process.pid} at http://127.0.0.1:6767 (data: ${dataDir}). Use that one, stop it (agentspan server stop --data ${dataDir}), or start this one on other data with --data.`,
    );
  });

  it("says of one that does not answer yet that it is starting", () => {
    StackLock.take(dataDir);
    expect(() => StackLock.take(dataDir)).toThrow(`process ${process.pid} and is still starting`);
  });

  it("takes over from one that has stopped, and keeps one file", () => {
    for (let i = 0; i < 3; i++) StackLock.take(dataDir).release();
    expect(StackLock.take(dataDir).previous).toMatchObject({ released: true, children: [] });
    expect(files()).toEqual(["4.json"]);
  });

  it("takes over from one that was killed, and knows what it had started", () => {
    const first = StackLock.take(dataDir);
    first.noteChild("nats", process.pid);
    killOwner();
    const second = StackLock.take(dataDir);
    expect(second.previous?.children).toEqual([recordOf("nats", process.pid)]);
    expect(second.record.children, "kept until they are ended, should this one be killed too").toHaveLength(1);
  });

  it("takes over where the record was cut off by a full disk", () => {
    StackLock.take(dataDir);
    const [file = ""] = files();
    writeFileSync(join(dataDir, "lock", file), '{"owner":{"na');
    expect(StackLock.take(dataDir).previous).toBeUndefined();
  });

  it("gives it to one alone of many that ask at the same instant", async () => {
    StackLock.take(dataDir);
    killOwner();
    const lockModule = new URL("../dist/stack-lock.js", import.meta.url).href;
    // Each waits for the same moment, so that their looks and links interleave.
    const script = `
      const { StackLock } = await import(${JSON.stringify(lockModule)});
      const at = Number(process.argv[2]);
      await new Promise((resolve) => setTimeout(resolve, at - Date.now() - 5));
      while (Date.now() < at);
      try { StackLock.take(process.argv[1]); console.log("took"); } catch (e) { console.log(e.reason); }
      await new Promise((resolve) => setTimeout(resolve, 1_500));`;
    const at = String(Date.now() + 1_500);
    const answers = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const args = ["--input-type=module", "-e", script, dataDir, at];
        return (await promisify(execFile)(process.execPath, args)).stdout.trim();
      }),
    );
    expect(answers.sort()).toEqual([...Array(5).fill("DATA_IN_USE"), "took"]);
  });
});

describe("what is on record", () => {
  it("is found by others while the owner runs", () => {
    expect(runningStack(dataDir)).toBeUndefined();
    const lock = StackLock.take(dataDir);
    lock.note({ url: "http://127.0.0.1:1", natsUrl: "nats://127.0.0.1:2" });
    expect(runningStack(dataDir)).toMatchObject({ url: "http://127.0.0.1:1", natsUrl: "nats://127.0.0.1:2" });
    lock.release();
    expect(runningStack(dataDir)).toBeUndefined();
  });

  it("has the newest process of each name", () => {
    const lock = StackLock.take(dataDir);
    lock.noteChild("gateway", process.ppid);
    lock.noteChild("gateway", process.pid);
    expect(lock.record.children).toEqual([recordOf("gateway", process.pid)]);
  });

  it("keeps at a stop what could not be ended", () => {
    const lock = StackLock.take(dataDir);
    lock.noteChild("mongodb", process.pid);
    lock.release();
    expect(StackLock.take(dataDir).previous).toMatchObject({ released: true, children: [{ name: "mongodb" }] });
  });

  it("names services before the servers that they need", () => {
    const lock = StackLock.take(dataDir);
    for (const name of ["nats", "mongodb", "orchestrator", "gateway"]) lock.noteChild(name, process.pid);
    expect(childrenToEnd(lock.record).map((group) => group.map(({ name }) => name))).toEqual([
      ["orchestrator", "gateway"],
      ["nats", "mongodb"],
    ]);
  });
});
