#!/usr/bin/env node
// How quick the desk is, in a real browser on a whole stack: five thousand approvals that wait, from a gate to the row on
// an open desk, from the click to the tool's start, and a run of more than 2,000 events.
//
//   npm run build && node scripts/desk-speed.mjs [approvals]
//
// 5,000 unless said; with 0 only the run is looked at. The figures of the last run are in docs/measured/desk.md. It takes a Chromium on PATH.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { loadavg } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const e2e = join(dirname(fileURLToPath(import.meta.url)), "..", "e2e");
const { chromium } = createRequire(join(e2e, "package.json"))("playwright-core");
const { deskAgent, Stack, until } = await import(pathToFileURL(join(e2e, "dist", "index.js")).href);

const wanted = Number(process.argv[2] ?? 5_000);
const CALLS_A_RUN = 100;
const ROUNDS = 20;
const FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"];

const stack = await Stack.start();
const browser = await chromium.launch({
  executablePath: execFileSync("sh", ["-c", "command -v chromium"], { encoding: "utf8" }).trim(),
  args: FLAGS,
});
const { approvals, runs } = stack.rpc();

const msOf = ({ seconds, nanos }) => Number(seconds) * 1_000 + nanos / 1_000_000;
const words = (all) => {
  const sorted = all.toSorted((a, b) => a - b);
  const [least, middle, most] = [sorted[0], sorted[Math.floor(sorted.length / 2)], sorted.at(-1)];
  return `${Math.round(least)} to ${Math.round(most)}, in the middle ${Math.round(middle)}`;
};
/** Milliseconds of CPU that this process and all below it have had: browser, services and servers. */
const cpu = () => {
  const stats = readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const [, ...fields] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ");
      const [, parent, ...rest] = fields.join(") ").split(" ");
      return [{ pid: Number(pid), parent: Number(parent), ticks: Number(rest[9]) + Number(rest[10]) }];
    } catch {
      return []; // It has ended meanwhile.
    }
  });
  const ours = new Set([process.pid]);
  for (let known = 0; known < ours.size; ) {
    known = ours.size;
    for (const { pid, parent } of stats) if (ours.has(parent)) ours.add(pid);
  }
  // A tick is a hundredth of a second.
  return stats.filter(({ pid }) => ours.has(pid)).reduce((sum, { ticks }) => sum + ticks * 10, 0);
};
const refund = (name, amount) => ({ tool: "refund", args: { order_id: name, amount, note: "The parcel was open." } });
const start = (name, calls) =>
  stack.runtime().start(deskAgent(), stack.model.script(name, [{ calls }, { text: "ok" }]), { serve: false });
const openPage = async () => {
  const page = await (await browser.newContext({ viewport: { width: 1_200, height: 3_000 } })).newPage();
  page.setDefaultTimeout(60_000);
  return page;
};

/** From a run's gate to its row, and from a click to the start of the tool, on a desk where little waits. */
async function reactions() {
  const page = await openPage();
  await page.goto(stack.gateway().url);
  await page.getByText("Live", { exact: true }).waitFor();
  await page.evaluate(`globalThis.seen = new Map();
    new MutationObserver(() => {
      for (const { href } of document.querySelectorAll(".row")) if (!seen.has(href)) seen.set(href, Date.now());
    }).observe(document.body, { childList: true, subtree: true })`);
  const toRow = [];
  const waiting = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const { runId } = await start(`gate ${round}`, [refund(`ORD-${round}`, round)]);
    await page.locator(`.row[href*="${runId}"]`).waitFor();
    const seen = await page.evaluate(`[...seen].find(([href]) => href.includes("${runId}"))[1]`);
    const [approval] = (await approvals.listApprovals({ runId })).approvals;
    toRow.push(seen - msOf(approval.requestedAt));
    waiting.push(approval);
  }
  const toStart = [];
  for (const { runId, approvalId } of waiting) {
    await page.goto(`${stack.gateway().url}/approvals/${runId}/${approvalId}`);
    const approve = page.getByRole("button", { name: "Approve" });
    await approve.waitFor();
    await page.evaluate(`addEventListener("click", () => { globalThis.clicked = Date.now(); }, { capture: true })`);
    await approve.click();
    await page.getByText("Approved. The call runs now.").waitFor();
    const clicked = await page.evaluate("clicked");
    const started = await until("the tool has started", async () =>
      (await runs.getHistory({ runId })).events.find(({ event }) => event.case === "toolStarted"),
    );
    toStart.push(msOf(started.at) - clicked);
  }
  console.log(`From the gate to the row, ms of ${ROUNDS}: ${words(toRow)}`);
  console.log(`From the click to the start of the tool, ms of ${ROUNDS}: ${words(toStart)}`);
}

/** Opens a page five times in a browser that has nothing of it: until its first rows are there, and until all are known. */
async function opened(what, url, first, whole) {
  const times = { first: [], whole: [], cpuFirst: [], cpuWhole: [] };
  let page;
  for (let round = 0; round < 5; round += 1) {
    await page?.context().close();
    page = await openPage();
    await page.setViewportSize({ width: 1_200, height: 800 });
    const cpuBefore = cpu();
    const begun = performance.now();
    await page.goto(url, { waitUntil: "commit" });
    await first(page).waitFor();
    times.first.push(performance.now() - begun);
    times.cpuFirst.push(cpu() - cpuBefore);
    await whole(page).waitFor();
    times.whole.push(performance.now() - begun);
    times.cpuWhole.push(cpu() - cpuBefore);
  }
  const togetherWith = (all) => `CPU of all processes together: ${words(all)}`;
  console.log(
    `${what}. From the address to the first rows, ms of 5: ${words(times.first)}; ${togetherWith(times.cpuFirst)}`,
  );
  console.log(`To all of them, ms of 5: ${words(times.whole)}; ${togetherWith(times.cpuWhole)}`);
  return page;
}

async function scroll(page) {
  const frames = await page.evaluate(`new Promise((resolve) => {
    const times = [];
    let end = -1;
    const step = (now) => {
      times.push(now);
      scrollBy(0, 400);
      // Rows that are as high as what is in them make the page longer or shorter as they come in sight.
      if (scrollY > end && times.length < 900) { end = scrollY; requestAnimationFrame(step); }
      else resolve(times.slice(1).map((time, at) => time - times[at]));
    };
    requestAnimationFrame(step);
  })`);
  const late = frames.filter((ms) => ms > 34).length;
  console.log(
    `Scrolled by 400 pixels a frame: ${frames.length} frames, ms each ${words(frames)}; ${late} took longer than two.`,
  );
}

/** A run of so many calls, and a person who opens its page and reads it from the first event to the last. */
async function longRun() {
  const turns = Array.from({ length: 6 }, (_, turn) => ({
    calls: Array.from({ length: 120 }, (_, n) => ({ tool: "get_order", args: { order: `${turn}-${n}` } })),
  }));
  const input = stack.model.script("a long run", [...turns, { calls: [refund("ORD-long", 5)] }, { text: "ok" }]);
  const handle = await stack.runtime().start(deskAgent(), input, { serve: false });
  const { lastSequence } = await until(
    "it waits",
    async () => {
      const { status } = await runs.getStatus({ runId: handle.runId });
      return status.pendingApprovals.length > 0 && status;
    },
    { withinMs: 300_000 },
  );
  const page = await opened(
    `A run of ${lastSequence} events`,
    `${stack.gateway().url}/runs/${handle.runId}`,
    (page) => page.locator(".event-head").first(),
    (page) => page.getByText(`${lastSequence.toLocaleString("en")} events, live`),
  );
  await scroll(page);
  const rows = await page.locator(".event-head").count();
  console.log(`In the page at its end: ${rows} rows of events.`);
}

/** A desk that is opened where so many wait, and scrolled from its first row to its last. */
async function many() {
  const calls = (run) => Array.from({ length: CALLS_A_RUN }, (_, n) => refund(`ORD-${run}-${n}`, n + 0.5));
  for (let run = 0; run < wanted / CALLS_A_RUN; run += 1) await start(`many ${run}`, calls(run));
  await until(
    "all wait",
    async () => (await approvals.listApprovals({ pageSize: 1, withTotal: true })).total >= wanted,
    { withinMs: 600_000, everyMs: 500 },
  );
  const page = await opened(
    `${wanted} wait`,
    stack.gateway().url,
    (page) => page.locator(".row").first(),
    (page) => page.getByText(wanted.toLocaleString("en"), { exact: true }),
  );
  await scroll(page);
  const typed = performance.now();
  await page.getByLabel("Search").fill(`ORD-${Math.floor(wanted / CALLS_A_RUN) - 1}-7`);
  await page.getByText(new RegExp(`^\\d+ of ${wanted.toLocaleString("en")}$`)).waitFor();
  console.log(`A search among them, ms: ${Math.round(performance.now() - typed)}`);
}

try {
  console.log(`Load average before: ${loadavg().map((load) => load.toFixed(1))}`);
  if (wanted > 0) {
    await reactions();
    await many();
  }
  await longRun();
  console.log(`Load average after: ${loadavg().map((load) => load.toFixed(1))}`);
} finally {
  await browser.close();
  await stack.stop();
}
