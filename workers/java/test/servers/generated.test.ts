// buf.gen.java.yaml makes what Maven makes, with the generators that Maven has fetched.
import { execFile } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { JAVA_HOME, mavenRun } from "../maven-run.js";

const ROOT = join(JAVA_HOME, "..", "..");
const PACKAGE = join("dev", "agentspan", "v1");
const OUT = "out: workers/java/gen";

const made = await mavenRun();
const pom = readFileSync(join(JAVA_HOME, "pom.xml"), "utf8");
const generators = {
  protoc: fetched(["com", "google", "protobuf"], "protoc", "protobuf"),
  "protoc-gen-grpc-java": fetched(["io", "grpc"], "protoc-gen-grpc-java", "grpc"),
};

/** What Maven has fetched, in the version of the pom; undefined where it keeps it elsewhere. */
function fetched(group: readonly string[], name: string, property: string): string | undefined {
  const version = new RegExp(`<${property}\\.version>(.+)</`).exec(pom)?.[1] ?? "";
  const folder = join(homedir(), ".m2", "repository", ...group, name, version);
  const file = existsSync(folder) ? readdirSync(folder).find((one) => one.endsWith(".exe")) : undefined;
  return file === undefined ? undefined : join(folder, file);
}

const none = "missing" in made || Object.values(generators).includes(undefined);
if (none && !("missing" in made))
  process.stderr.write("Skipped buf.gen.java.yaml: Maven has fetched no generators into ~/.m2.\n");

it.skipIf(none)("generates the messages and clients of Java without Maven", async () => {
  const folder = mkdtempSync(join(tmpdir(), "agentspan-java-gen-"));
  try {
    const bin = join(folder, "bin");
    mkdirSync(bin);
    for (const [name, file = ""] of Object.entries(generators)) {
      copyFileSync(file, join(bin, name));
      chmodSync(join(bin, name), 0o755);
    }
    const template = readFileSync(join(ROOT, "buf.gen.java.yaml"), "utf8");
    expect(template).toContain(OUT);
    const args = ["generate", "--template", template.replaceAll(OUT, `out: ${join(folder, "gen")}`)];
    const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
    await promisify(execFile)(join(ROOT, "node_modules", ".bin", "buf"), args, { cwd: ROOT, env });
    const byMaven = ["proto", "client"].flatMap((module) =>
      readdirSync(join(JAVA_HOME, module, "target", "generated-sources", "protobuf", PACKAGE)),
    );
    const byBuf = readdirSync(join(folder, "gen", PACKAGE));
    expect(byBuf).toContain("ClaimRequest.java");
    expect(byBuf).toContain("RunServiceGrpc.java");
    // What holds the descriptor of a whole file has another name.
    expect(byBuf.filter((name) => !name.endsWith("Proto.java") && !byMaven.includes(name))).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
