// Debian's Chromium, driven by playwright-core: found on PATH, or installed once where that can be done. The shell without
// a window is preferred: the desk's tests take half the processor time in it.
import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Lock } from "@agentspan/servers";
import type { Browser } from "playwright-core";
import { chromium } from "playwright-core";

const SHELL = "chromium-headless-shell";
const NAMES = [SHELL, "chromium", "chromium-browser", "google-chrome"];
/** Another process may be installing something, and whoever has the packages may not answer. */
const APT = ["-o", "DPkg::Lock::Timeout=60", "-o", "Acquire::http::Timeout=20", "-o", "Acquire::Retries=1", "-y", "-q"];
/** For each step of an installation: without a browser its tests are skipped, and nothing waits for one for ever. */
const STEP_WITHIN_MS = 300_000;
const FONTS = "fonts-liberation";

const REMEDY = `Install Chromium, such as with: apt-get install ${SHELL} ${FONTS}`;

/** Nothing that a browser does by itself: no look-ups, no updates, no profile of before. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A browser's program, or why there is none. */
export type FoundBrowser = { readonly path: string } | { readonly missing: string };

/** Prints why where there is none and none can be had. */
export async function findBrowser(): Promise<FoundBrowser> {
  const found = onPath() ?? (await installed());
  if (typeof found === "string") return { path: found };
  process.stderr.write(`Skipped what needs a browser: ${found.missing}\n`);
  return found;
}

export function launch(path: string): Promise<Browser> {
  return chromium.launch({ executablePath: path, headless: true, args: FLAGS });
}

/** Where nobody else of this machine is about to install it. */
async function installed(): Promise<string | { readonly missing: string }> {
  if (process.getuid?.() !== 0) return { missing: `there is no Chromium on PATH. ${REMEDY}` };
  for (;;) {
    const lock = await Lock.take(join(tmpdir(), "agentspan-browser.lock"));
    if (lock !== undefined) {
      try {
        return onPath() ?? (await install());
      } finally {
        await lock.release();
      }
    }
    await delay(250);
  }
}

async function install(): Promise<string | { readonly missing: string }> {
  process.stderr.write("Installing Chromium with apt-get, once.\n");
  const failed =
    (await aptGet("update")) ??
    // A release of Debian may not have the shell.
    ((await aptGet("install", SHELL, FONTS)) && (await aptGet("install", "chromium", FONTS)));
  return failed ?? onPath() ?? { missing: `apt-get brought no Chromium. ${REMEDY}` };
}

/** Undefined where it went well. */
async function aptGet(
  step: "update" | "install",
  ...packages: string[]
): Promise<{ readonly missing: string } | undefined> {
  const options = step === "install" ? ["--no-install-recommends"] : [];
  const { code, said } = await run("apt-get", [...APT, step, ...options, ...packages]);
  const last = said.trim().split("\n").at(-1) ?? "";
  return code === 0 ? undefined : { missing: `apt-get ${step} failed (${last}). ${REMEDY}` };
}

function onPath(): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(isProgram);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false; // Not there, or not to be run: either way it is none.
  }
}

function run(
  program: string,
  args: readonly string[],
): Promise<{ readonly code: number | null; readonly said: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"], timeout: STEP_WITHIN_MS });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        said += text;
      });
    }
    child.once("error", (error) => resolve({ code: null, said: error.message }));
    child.once("close", (code) => resolve({ code, said }));
  });
}
