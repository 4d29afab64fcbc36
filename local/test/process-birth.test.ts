import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, expect, it } from "vitest";
import { birthOf, endProcess, isRunning, recordOf } from "../src/process-birth.js";
import type { ProcessRecord } from "../src/stack-record.js";

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

/** A process that is up, heeding SIGTERM or not. */
async function running(script: string): Promise<{ child: ChildProcess; record: ProcessRecord }> {
  const child = spawn("/bin/sh", ["-c", `${script}; echo up; while :; do sleep 1; done`], {
    stdio: ["ignore", "pipe", "ignore"],
    detached: true,
  });
  children.push(child);
  if (child.stdout === null) throw new TypeError("There is no pipe.");
  await once(child.stdout, "data");
  const record = recordOf("sleeper", child.pid ?? 0);
  if (record === undefined) throw new TypeError("It does not run.");
  return { child, record };
}

it("tells the same of a process each time, and nothing of one that is gone", async () => {
  const { child, record } = await running(":");
  expect(birthOf(record.pid)).toBe(record.birth);
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(birthOf(record.pid)).toBeUndefined();
  expect(recordOf("sleeper", record.pid)).toBeUndefined();
});

it("tells nothing of what is no process id", () => {
  expect([birthOf(0), birthOf(-1), birthOf(1.5), birthOf(Number.NaN)]).toEqual(Array(4).fill(undefined));
});

it("ends a process that heeds SIGTERM", async () => {
  const { child, record } = await running(":");
  const exit = once(child, "exit");
  await endProcess(record, 10_000);
  expect(await exit).toEqual([null, "SIGTERM"]);
});

it("kills one that does not, after the grace", async () => {
  const { child, record } = await running("trap '' TERM");
  const exit = once(child, "exit");
  await endProcess(record, 50);
  expect(await exit).toEqual([null, "SIGKILL"]);
});

it("never touches a process that has the pid of the recorded one but began at another time", async () => {
  const { child, record } = await running(":");
  const recycled = { ...record, birth: `${record.birth}1` };
  expect(isRunning(recycled)).toBe(false);
  await endProcess(recycled, 0);
  expect(child.exitCode).toBeNull();
  expect(isRunning(record)).toBe(true);
});
