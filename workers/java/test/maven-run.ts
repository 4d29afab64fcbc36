// Maven's build of everything in workers/java, its tests included: made once for all files of a test run.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isMainThread } from "node:worker_threads";

export const JAVA_HOME = fileURLToPath(new URL("../", import.meta.url));
/** What the tests came to. */
export const REPORTS = join(JAVA_HOME, "worker", "target", "surefire-reports");
const RUNS = join(JAVA_HOME, "target", "test-runs");
const OLDEST_JAVA = 17;
const LOOK_MS = 200;
// Against what hangs: a new machine downloads some 100 MB first.
const LONGEST_MS = 15 * 60_000;

/** What Maven has made, or why there is none that could. */
export type MavenRun =
  | { readonly missing: string }
  | {
      /** 0, also where tests failed. */
      readonly code: number | null;
      readonly said: string;
      /** The program that Maven's own Java has. */
      readonly java: string;
    };

/** Runs Maven, or waits for whoever of this test run does. Prints why where it cannot. */
export async function mavenRun(): Promise<MavenRun> {
  const folder = join(RUNS, await nameOfTestRun());
  const result = join(folder, "result.json");
  if (isMine(folder)) {
    // Others wait for it, whatever it is.
    const run = await runMaven().catch((error: unknown): MavenRun => ({ code: null, said: String(error), java: "" }));
    writeFileSync(`${result}.part`, JSON.stringify(run));
    renameSync(`${result}.part`, result);
    if ("missing" in run) process.stderr.write(`Skipped what needs Java: ${run.missing}\n`);
    return run;
  }
  const ends = Date.now() + LONGEST_MS;
  while (!existsSync(result)) {
    if (Date.now() > ends) throw new Error(`Nobody has finished what began in ${folder}.`);
    await delay(LOOK_MS);
  }
  return JSON.parse(readFileSync(result, "utf8")) as MavenRun;
}

/** Whether nobody of this test run came before. Those of earlier ones are put away. */
function isMine(folder: string): boolean {
  mkdirSync(RUNS, { recursive: true });
  try {
    mkdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
  for (const name of readdirSync(RUNS)) {
    if (join(RUNS, name) !== folder) rmSync(join(RUNS, name), { recursive: true, force: true });
  }
  return true;
}

/** The process that all files of a test run have in common, with when it began: its number may come again. */
async function nameOfTestRun(): Promise<string> {
  const pid = isMainThread ? process.ppid : process.pid;
  const { said } = await run("ps", ["-o", "lstart=", "-p", String(pid)]);
  return `${pid}-${said.replaceAll(/[^A-Za-z0-9]+/g, "-")}`;
}

async function runMaven(): Promise<MavenRun> {
  const about = await run("mvn", ["--version"]);
  const [, version = "", java = ""] = /Java version: (\d+)[^,]*,.*runtime: (.+)/.exec(about.said) ?? [];
  if (about.code !== 0 || java === "") return { missing: "Maven is not on PATH, or has no Java." };
  if (Number(version) < OLDEST_JAVA) return { missing: `Maven has Java ${version}, and ${OLDEST_JAVA} is needed.` };
  if (!existsSync(join(java, "bin", "javac"))) return { missing: `There is no compiler in ${java}.` };
  // It may have some of tests that are no more.
  rmSync(REPORTS, { recursive: true, force: true });
  const build = ["--batch-mode", "--quiet", "-Dstyle.color=never", "-Dmaven.test.failure.ignore=true", "package"];
  process.stderr.write("Building the Java SDK; the first time Maven downloads what it needs.\n");
  const made = await run("mvn", build);
  return { ...made, java: join(java, "bin", "java") };
}

function run(
  program: string,
  args: readonly string[],
): Promise<{ readonly code: number | null; readonly said: string }> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: JAVA_HOME, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        said += text;
      });
    }
    const stop = () => child.kill();
    process.once("exit", stop);
    const done = (code: number | null) => {
      process.off("exit", stop);
      resolve({ code, said });
    };
    child.once("error", () => done(null));
    child.once("close", done);
  });
}
