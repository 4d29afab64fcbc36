#!/usr/bin/env node
// What a command costs in all the processes that it starts: wall time, processor time and their number, by program. The
// kernel accounts for each process at its end, also for those that are killed and those that outlive whoever started them.
//   node scripts/suite-cost.mjs npm test
// Linux, as root, with accton (Debian: apt-get install acct). The command gets process ids of its own, so that nothing is
// counted that the machine does besides; what it left running is ended. Processor time is a tenth to a half more than it
// says here where others use the machine at the same time: two threads share a core.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A record of acct(5), version 3: bytes. */
const RECORD = { size: 64, version: 1, userTime: 32, systemTime: 34, name: 48 };
const VERSION = 3;
const TICKS_A_SECOND = 100;

/** Runs the command, and waits a little for what it has told to end. */
const IN_A_NAMESPACE = `
  accton "$0" >/dev/null || exit 1
  "$@"
  code=$?
  others() { set -- /proc/[0-9]*; [ $# -gt 1 ]; }
  tenths=0
  while others && [ $tenths -lt 20 ]; do
    sleep 0.1
    tenths=$((tenths + 1))
  done
  exit $code
`;

/** A number of three bits of exponent, to the base of 8, and thirteen of mantissa. */
const seconds = (number) => ((number & 0x1fff) * 8 ** (number >>> 13)) / TICKS_A_SECOND;

function* processesIn(account) {
  for (let at = 0; at + RECORD.size <= account.length; at += RECORD.size) {
    if ((account[at + RECORD.version] & 0xf) !== VERSION) throw new Error("This kernel's account has another form.");
    const [name] = account.toString("latin1", at + RECORD.name, at + RECORD.size).split("\0");
    const time = seconds(account.readUInt16LE(at + RECORD.userTime));
    yield { name, cpu: time + seconds(account.readUInt16LE(at + RECORD.systemTime)) };
  }
}

const command = process.argv.slice(2);
if (command.length === 0 || command[0] === "--help") {
  process.stdout.write("Usage: node scripts/suite-cost.mjs COMMAND [ARGUMENT...]\n");
  process.exit(command.length === 0 ? 2 : 0);
}

const folder = mkdtempSync(join(tmpdir(), "suite-cost-"));
try {
  const file = join(folder, "account");
  writeFileSync(file, "");
  const began = performance.now();
  const inside = ["--pid", "--fork", "--mount-proc", "sh", "-c", IN_A_NAMESPACE, file, ...command];
  const { status, error } = spawnSync("unshare", inside, { stdio: "inherit" });
  if (error !== undefined) throw error;
  const wall = (performance.now() - began) / 1000;

  const programs = new Map();
  for (const { name, cpu } of processesIn(readFileSync(file))) {
    const program = programs.get(name) ?? { count: 0, cpu: 0 };
    programs.set(name, { count: program.count + 1, cpu: program.cpu + cpu });
  }
  const line = (name, count, cpu) =>
    process.stdout.write(`${name.padEnd(16)} ${String(count).padStart(6)} ${cpu.toFixed(1).padStart(8)}\n`);
  process.stdout.write("program          number   CPU s\n");
  let [count, cpu] = [0, 0];
  for (const [name, program] of [...programs].sort(([, a], [, b]) => b.cpu - a.cpu)) {
    if (program.cpu >= 1) line(name, program.count, program.cpu);
    count += program.count;
    cpu += program.cpu;
  }
  line("all", count, cpu);
  process.stdout.write(`wall ${wall.toFixed(1)} s, exit code ${status}\n`);
  process.exitCode = status ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
