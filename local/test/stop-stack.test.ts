import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type ProcessRecord, type StackRecord, stackStatus, stopStack } from "../src/index.js";
import { recordOf } from "../src/process-birth.js";

let dataDir: string;
const started: ChildProcess[] = [];
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "agentspan-stop-"));
});
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
  rmSync(dataDir, { recursive: true });
});

/** A process that has said that it runs. */
async function program(script: string, name: string): Promise<{ child: ChildProcess; record: ProcessRecord }> {
  const child = spawn(process.execPath, ["-e", `${script}; setInterval(() => {}, 1000); console.log("up")`]);
  started.push(child);
  await once(child.stdout, "data");
  const record = recordOf(name, child.pid ?? 0);
  if (record === undefined) throw new Error("It has ended.");
  return { child, record };
}

function noted(record: Pick<StackRecord, "owner"> & Partial<StackRecord>): void {
  mkdirSync(join(dataDir, "lock"), { recursive: true });
  const whole = { startedAt: "2026-11-30T10:00:00.000Z", children: [], released: false, ...record };
  writeFileSync(join(dataDir, "lock", "1.json"), JSON.stringify(whole));
}

/** Its end, which this process hears of a little later than the system has it. */
async function end(child: ChildProcess): Promise<number | NodeJS.Signals | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return child.exitCode ?? child.signalCode;
}

it("says of data that nobody runs on that there was nothing to stop", async () => {
  expect(await stopStack(dataDir, 1_000)).toEqual({ how: "not running" });
  expect(await stackStatus(dataDir)).toMatchObject({ state: "stopped", processes: [] });
});

it("asks the owner alone, and waits until it has ended", async () => {
  const owner = await program("process.on('SIGTERM', () => setTimeout(() => process.exit(0), 100))", "agentspan");
  noted({ owner: owner.record });
  expect(await stackStatus(dataDir)).toMatchObject({ state: "starting", processes: [{ running: true }] });
  expect(await stopStack(dataDir, 20_000)).toMatchObject({ how: "stopped", record: { owner: owner.record } });
  expect(await end(owner.child)).toBe(0);
});

it("ends one that does not stop in time, and what it leaves", async () => {
  const owner = await program("process.on('SIGTERM', () => {})", "agentspan");
  const nats = await program("", "nats");
  noted({ owner: owner.record, children: [nats.record] });
  expect(await stopStack(dataDir, 50)).toMatchObject({ how: "killed" });
  expect([await end(owner.child), await end(nats.child)]).toEqual(["SIGKILL", "SIGTERM"]);
});

it("ends what a killed one has left, and nobody who has a pid of its processes by now", async () => {
  const left = await program("", "gateway");
  const other = await program("", "nats");
  const owner = { name: "agentspan", pid: process.pid, birth: "another boot 1" };
  noted({ owner, children: [left.record, { ...other.record, birth: "another boot 2" }] });
  expect(await stopStack(dataDir, 1_000)).toMatchObject({ how: "cleared" });
  expect(await end(left.child)).toBe("SIGTERM");
  expect(recordOf("nats", other.record.pid), "it still runs").toEqual(other.record);
  expect(await stopStack(dataDir, 1_000)).toEqual({ how: "not running" });
});
