// Finds `prometheus` and `promtool`: on PATH, or those of Debian's package, which is unpacked once into the user's cache
// and installed nowhere.
import { mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { cacheFolder, findProgram, Lock, makeFolder, runCommand } from "@agentspan/servers";

export interface PrometheusPrograms {
  readonly prometheus: string;
  readonly promtool: string;
}

const REMEDY = "Install Prometheus, such as with: apt-get install prometheus";
const STEP_WITHIN_MS = 120_000;

/** The programs, or why there are none. */
export async function prometheusPrograms(): Promise<PrometheusPrograms | { readonly missing: string }> {
  return (await programsIn(process.env.PATH)) ?? (await fetched());
}

async function programsIn(path: string | undefined): Promise<PrometheusPrograms | undefined> {
  const [prometheus, promtool] = await Promise.all(
    ["prometheus", "promtool"].map((program) => findProgram(program, path)),
  );
  return prometheus === undefined || promtool === undefined ? undefined : { prometheus, promtool };
}

async function fetched(): Promise<PrometheusPrograms | { readonly missing: string }> {
  const folder = join(cacheFolder(), "prometheus");
  const bin = join(folder, "usr", "bin");
  await makeFolder(dirname(folder));
  for (;;) {
    const there = await programsIn(bin);
    if (there !== undefined) return there;
    const lock = await Lock.take(`${folder}.lock`);
    if (lock === undefined) {
      await delay(250);
      continue;
    }
    try {
      const problem = (await programsIn(bin)) === undefined ? await unpackInto(folder) : undefined;
      if (problem !== undefined) return { missing: `${problem} ${REMEDY}` };
    } finally {
      await lock.release();
    }
  }
}

/** Undefined where it went well: then both programs are in the folder. */
async function unpackInto(folder: string): Promise<string | undefined> {
  process.stderr.write("Fetching Prometheus with apt-get, once.\n");
  const draft = await mkdtemp(`${folder}-`);
  // apt may read what it fetches in a folder of its own alone.
  const fetch = `cd '${draft}' && apt-get download prometheus`;
  try {
    if ((await shell(fetch)).code !== 0) {
      const { code, lines } = await shell(`apt-get update && ${fetch}`);
      if (code !== 0) return `Prometheus could not be fetched (${lines.at(-1) ?? "there is no apt-get"}).`;
    }
    const archive = (await readdir(draft)).find((name) => name.endsWith(".deb"));
    if (archive === undefined) return "apt-get brought no Prometheus.";
    const unpacked = join(draft, "unpacked");
    const { code, lines } = await runCommand(["dpkg-deb", "-x", join(draft, archive), unpacked]);
    if (code !== 0) return `Prometheus could not be unpacked (${lines.at(-1) ?? "there is no dpkg-deb"}).`;
    if ((await programsIn(join(unpacked, "usr", "bin"))) === undefined) return "The package has no prometheus.";
    await rm(folder, { recursive: true, force: true });
    await rename(unpacked, folder);
    return undefined;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

function shell(script: string) {
  return runCommand(["sh", "-c", script], { timeoutMs: STEP_WITHIN_MS });
}
