#!/usr/bin/env node
// How long a person waits for the first words, and for the question, of what a newcomer types first.
//
//   node scripts/first-output.mjs [rounds]
//
// Five rounds unless said. The figures of the last run are in docs/measured/first-output.md.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const rounds = Number(process.argv[2] ?? 5);
const FREE = ["--port", "0", "--nats-port", "0"];
const COMMANDS = [
  ["npm run demo", "npm", ["run", "demo", "--", "--approve", ...FREE], /Approval required/],
  ["npx agentspan demo", "npx", ["agentspan", "demo", "--approve", ...FREE], /Approval required/],
  ["npx agentspan server start", "npx", ["agentspan", "server", "start", ...FREE], /Agentspan is running/],
];

/** Milliseconds until the first output and until the pattern. npm's own two lines are no words of ours. */
async function timed(program, args, pattern) {
  const data = mkdtempSync(join(tmpdir(), "agentspan-first-"));
  const begun = performance.now();
  const child = spawn(program, [...args, "--data", data], { stdio: ["ignore", "pipe", "pipe"], detached: true });
  let shown = "";
  let first;
  const ready = await new Promise((resolve, reject) => {
    const take = (text) => {
      shown += text;
      if (shown.replace(/^\n?(> .*\n)*/, "").trim() !== "") first ??= performance.now() - begun;
      if (pattern.test(shown)) resolve(performance.now() - begun);
    };
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", take);
    child.once("close", () => reject(new Error(`It ended before ${pattern}:\n${shown}`)));
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  process.kill(-child.pid, "SIGINT");
  await ended;
  rmSync(data, { recursive: true, force: true });
  return { first, ready };
}

const median = (values) => Math.round(values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]);
console.log("| typed | first words, ms (median, most) | question or ready, ms (median, most) |");
console.log("|---|---|---|");
for (const [name, program, args, pattern] of COMMANDS) {
  const taken = [];
  for (let round = 0; round < rounds; round += 1) taken.push(await timed(program, args, pattern));
  const cell = (key) => {
    const values = taken.map((one) => one[key]);
    return `${median(values)}, ${Math.round(Math.max(...values))}`;
  };
  console.log(`| \`${name}\` | ${cell("first")} | ${cell("ready")} |`);
}
