// Runs every block of code of docs/clients.md, read out of the page itself: of each only the server's address is another.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { findGo, GO_FLAGS, pythonEnvironment, ServersError } from "@agentspan/servers";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Stack } from "../../../e2e/src/index.js";
import { mavenRun } from "../../../workers/java/test/maven-run.js";
import { javaProbe } from "../harness/java-probe.js";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const PROBES = join(ROOT, "contract", "probes");
/** Where `npx` would find programs. */
const MODULES = join(ROOT, "node_modules");
const BIN = join(MODULES, ".bin");
const PAGE = readFileSync(join(ROOT, "docs", "clients.md"), "utf8");
/** On a new machine Maven makes the Java SDK first. */
const JAVA_MS = 15 * 60_000;

const blocks = PAGE.split(/^## /m).flatMap((section) =>
  [...section.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language = "", text = ""]) => ({
    section: section.slice(0, section.indexOf("\n")),
    language,
    text,
  })),
);

function textOf(section: string, language: string): string {
  const found = blocks.find((block) => block.section === section && block.language === language);
  if (found === undefined) throw new Error(`There is no ${language} under ${section}.`);
  return found.text;
}

/** Registers the tests. */
export function clientsPage(current: () => Stack): void {
  let folder: string;
  let worker: ChildProcess | undefined;

  beforeAll(async () => {
    // A folder beside a clone, as the page wants it, with what npm has installed.
    const home = mkdtempSync(join(tmpdir(), "agentspan-page-"));
    folder = join(home, "refunds");
    mkdirSync(folder);
    symlinkSync(ROOT, join(home, "agentspan"));
    symlinkSync(MODULES, join(folder, "node_modules"));
    // Where there is no curl, the other clients need the agent too.
    const [, body = "", url = ""] =
      /^curl --json '(.*)' (\S+)$/s.exec(blockOf("What runs beside them", "sh").trim()) ?? [];
    const { status } = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
    expect(status).toBe(200);
  });
  afterAll(async () => {
    if (worker !== undefined) {
      const exited = once(worker, "exit");
      if (worker.exitCode === null && worker.kill("SIGTERM")) await exited;
    }
    rmSync(join(folder, ".."), { recursive: true, force: true });
  });

  it("has no code that is not run here", () => {
    expect(blocks.map(({ section, language }) => `${section}: ${language}`)).toEqual([
      "What runs beside them: sh",
      "What runs beside them: text",
      "TypeScript: yaml",
      "TypeScript: ts",
      "TypeScript: sh",
      "Python: yaml",
      "Python: python",
      "Python: sh",
      "Go: go",
      "Go: sh",
      "Java: xml",
      "Java: java",
      "Java: sh",
      "curl: sh",
    ]);
  });

  // Before the others, which have the worker.
  it("calls with curl, and says what the run waits for while nobody serves it", async (context) => {
    for (const program of ["curl", "jq"]) {
      const { error } = spawnSync(program, ["--version"]);
      if (error !== undefined) return context.skip(`There is no ${program} on PATH.`);
    }
    expect(await run("sh", ["-c", blockOf("What runs beside them", "sh")])).toContain('"name":"refund_agent"');
    writeFileSync(join(folder, "client.sh"), blockOf("curl", "sh"));
    const said = await run("sh", ["client.sh"], { heard: () => serve() });
    expect(said).toContain("waits for a worker: get_order BLOCKED_REASON_NO_WORKER\n");
    expectRefund(said);
  });

  it("says with curl why it was refused, and ends", async (context) => {
    const { error } = spawnSync("curl", ["--version"]);
    if (error !== undefined) return context.skip("There is no curl on PATH.");
    writeFileSync(join(folder, "client.sh"), blockOf("curl", "sh").replace("refund_agent", "nobody"));
    expect(await run("sh", ["client.sh"], { ends: 1 })).toContain('"reason":"AGENT_NOT_FOUND"');
  });

  it("generates code in TypeScript, and calls with it", async () => {
    serve();
    writeFileSync(join(folder, "client.ts"), blockOf("TypeScript", "ts"));
    writeFileSync(join(folder, "tsconfig.json"), TSCONFIG);
    const [init = "", setType = "", install = "", generate = "", start = ""] = commands("TypeScript");
    await shell(`${init} && ${setType}`);
    // What it installs is here already, except for what runs TypeScript: that is compiled, and so its types are checked.
    const packages = install.replace("npm install ", "").split(" ");
    expect(packages.filter((name) => !existsSync(join(MODULES, name)))).toEqual(["tsx"]);
    writeFileSync(join(folder, "buf.gen.yaml"), blockOf("TypeScript", "yaml"));
    await shell(generate);
    expect(start).toBe("npx tsx client.ts");
    await run(join(BIN, "tsc"), ["-p", folder]);
    expectRefund(await run("node", ["out/client.js"]));
  });

  it("generates code in Python, and calls with it", async (context) => {
    const bin = await pythonBin();
    if (typeof bin !== "string") return context.skip(bin.missing);
    serve();
    writeFileSync(join(folder, "client.py"), blockOf("Python", "python"));
    const [make, activate, install, generate = "", start = ""] = commands("Python");
    // An environment that is kept is in its place.
    expect([make, activate, install]).toEqual([
      "python3 -m venv venv",
      ". venv/bin/activate",
      "pip install grpcio grpcio-tools",
    ]);
    writeFileSync(join(folder, "buf.gen.yaml"), blockOf("Python", "yaml"));
    await shell(generate, bin);
    expectRefund(await shell(start, bin));
  });

  it("calls from Go", async (context) => {
    const go = await whereThereIs("NO_GO", () => findGo(join(ROOT, "workers", "go")));
    if (typeof go !== "string") return context.skip(go.missing);
    serve();
    writeFileSync(join(folder, "main.go"), blockOf("Go", "go"));
    const [init = "", work = "", start = ""] = commands("Go");
    // The clone itself, of which Go has kept what it compiled.
    await shell(`${init} && ${work.replace("../agentspan", ROOT)}`, dirname(go));
    const flags = GO_FLAGS.map((flag) => `'${flag}'`).join(" ");
    expectRefund(await shell(start.replace("go run", `go run ${flags}`), dirname(go)));
  });

  it("calls from Java", { timeout: JAVA_MS }, async (context) => {
    const made = await mavenRun();
    if ("missing" in made) return context.skip(made.missing);
    // What else a program needs at run time, the probe has.
    const probe = javaProbe();
    if ("missing" in probe) return context.skip(probe.missing);
    serve();
    // Maven would copy the same: the test of the SDK's form looks at what the page's pom.xml names.
    const jars = ["client", "proto"].map((part) => join(ROOT, "workers", "java", part, "target", "*"));
    writeFileSync(join(folder, "Client.java"), blockOf("Java", "java"));
    const classpath = [...jars, join(PROBES, "java", "target", "*")].join(":");
    const [install, copy, start = ""] = commands("Java");
    expect([install, copy]).toEqual([
      "mvn --quiet --file ../agentspan/workers/java/pom.xml install",
      "mvn --quiet dependency:copy-dependencies",
    ]);
    const as = start.replace("java -cp 'target/dependency/*'", `java -XX:TieredStopAtLevel=1 -cp '${classpath}'`);
    expect(as).not.toBe(start);
    expectRefund(await shell(as, dirname(made.java)));
  });

  function blockOf(section: string, language: string): string {
    return textOf(section, language).replaceAll("127.0.0.1:6767", `127.0.0.1:${current().gateway().port}`);
  }

  /** The lines that are typed under it, without their comments. */
  function commands(section: string): readonly string[] {
    const lines = blockOf(section, "sh").trim().split("\n");
    return lines.map((line) => line.replace(/ # .*/, ""));
  }

  /** The page's worker, from now on. */
  function serve(): void {
    const env = { ...process.env, AGENTSPAN_NATS_URL: current().servers.natsUrl };
    worker ??= spawn("node", ["../agentspan/workers/typescript/dist/main.js"], { cwd: folder, env, stdio: "ignore" });
  }

  function shell(command: string, bin?: string): Promise<string> {
    return run("sh", ["-euc", command], bin === undefined ? {} : { bin });
  }

  /** What it says, once it has ended with this code. Of `bin` come its programs; `heard` is told of what it says. */
  async function run(
    program: string,
    args: readonly string[],
    { bin, ends = 0, heard }: { bin?: string; ends?: number; heard?: () => void } = {},
  ): Promise<string> {
    const path = bin === undefined ? process.env.PATH : `${bin}:${process.env.PATH}`;
    const child = spawn(program, args, {
      cwd: folder,
      env: { ...process.env, PATH: path },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        heard?.();
      });
    }
    const code = await new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    expect(code, `${program} ${args.join(" ")}\n${said}`).toBe(ends);
    return said;
  }
}

const TSCONFIG = JSON.stringify({
  compilerOptions: {
    module: "NodeNext",
    target: "ES2023",
    strict: true,
    skipLibCheck: true,
    types: ["node"],
    outDir: "out",
  },
  files: ["client.ts"],
});

/** That it says what the page says: of the call that it was told of, and approved, and of the result. */
function expectRefund(said: string): void {
  expect(said).toContain(textOf("What runs beside them", "text"));
}

function pythonBin(): Promise<string | { readonly missing: string }> {
  return whereThereIs("NO_PYTHON", () =>
    pythonEnvironment({
      requirements: join(PROBES, "python", "requirements.txt"),
      purpose: "the contract's tests by grpcio",
      programs: [],
    }),
  );
}

async function whereThereIs(
  reason: string,
  find: () => Promise<string>,
): Promise<string | { readonly missing: string }> {
  try {
    return await find();
  } catch (error) {
    if (!(error instanceof ServersError && error.reason === reason)) throw error;
    process.stderr.write(`Skipped a block of docs/clients.md: ${error.message}\n`);
    return { missing: error.message };
  }
}
