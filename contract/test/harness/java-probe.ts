// The probe in Java, as Maven makes it: once, unless its sources have changed since.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const HOME = fileURLToPath(new URL("../../probes/java/", import.meta.url));
const TARGET = join(HOME, "target");
const SOURCES = ["pom.xml", "src/main/java/dev/agentspan/contract/Probe.java"];
const MADE_FROM = join(TARGET, "made-from");
const OLDEST_JAVA = 17;
/** For a program that lives for seconds. */
const SHORT_LIVED = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"];

/** The command, without the arguments; or why there is none here. Prints that Maven is at work. */
export function javaProbe(): readonly string[] | { readonly missing: string } {
  const { stdout = "" } = spawnSync("mvn", ["--version"], { encoding: "utf8" });
  const [, version = "", home = ""] = /Java version: (\d+)[^,]*,.*runtime: (.+)/.exec(stdout) ?? [];
  if (home === "") return { missing: "Maven is not on PATH, or has no Java." };
  if (Number(version) < OLDEST_JAVA) return { missing: `Maven has Java ${version}, and ${OLDEST_JAVA} is needed.` };
  if (!existsSync(join(home, "bin", "javac"))) return { missing: `There is no compiler in ${home}.` };
  build();
  return [join(home, "bin", "java"), ...SHORT_LIVED, "-cp", join(TARGET, "*"), "dev.agentspan.contract.Probe"];
}

function build(): void {
  const hash = createHash("sha256");
  for (const source of SOURCES) hash.update(readFileSync(join(HOME, source)));
  const wanted = hash.digest("hex");
  if (existsSync(MADE_FROM) && readFileSync(MADE_FROM, "utf8") === wanted) return;
  process.stderr.write("Building the contract's probe in Java; the first time Maven downloads what it needs.\n");
  rmSync(TARGET, { recursive: true, force: true });
  const options = ["--batch-mode", "--quiet", "-Dstyle.color=never"];
  const { status, stdout, stderr } = spawnSync("mvn", [...options, "package"], { cwd: HOME, encoding: "utf8" });
  if (status !== 0) throw new Error(`Maven ended with ${status}:\n${stdout}${stderr}`);
  writeFileSync(MADE_FROM, wanted);
}
