// Runs every block of code of docs/clients.md, read out of the page itself: of each only the server's address is another.
import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { MODEL } from "@agentspan/e2e";
import { findGo, GO_FLAGS, pythonEnvironment, ServersError } from "@agentspan/servers";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Stack } from "../../../e2e/src/index.js";
import { mavenRun } from "../../../workers/java/test/maven-run.js";
import { javaProbe } from "../harness/java-probe.js";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const PROBES = join(ROOT, "contract", "probes");
/** Where `npx` would find programs. */
const BIN = join(ROOT, "node_modules", ".bin");
const SDK_IN_GO = join(ROOT, "workers", "go");
const PAGE = readFileSync(join(ROOT, "docs", "clients.md"), "utf8");
const INPUT = "Refund order ORD-8821";
/** On a new machine Maven makes the Java SDK first. */
const JAVA_MS = 15 * 60_000;

const blocks = [...PAGE.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language = "", text = ""]) => ({
  language,
  text,
}));

function blockOf(language: string, stack: Stack): string {
  const { text = "" } = blocks.find((block) => block.language === language) ?? {};
  return text.replaceAll("127.0.0.1:6767", `127.0.0.1:${stack.gateway().port}`);
}

/** Registers the tests; the installation has workers for the desk's tools. */
export function clientsPage(current: () => Stack): void {
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "agentspan-page-"));
    // As the page wants it: beside a clone, with what npm has installed.
    mkdirSync(join(folder, "agentspan"));
    cpSync(join(ROOT, "proto", "agentspan"), join(folder, "agentspan", "proto", "agentspan"), { recursive: true });
    cpSync(join(ROOT, "scripts"), join(folder, "agentspan", "scripts"), { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
    await current()
      .rpc()
      .agents.putAgent({
        agent: {
          name: "refund_agent",
          model: MODEL,
          tools: [
            { name: "refund", queue: "desk", inputSchemaJson: '{"type":"object"}', approval: { required: true } },
          ],
        },
      });
    current().model.say(INPUT, [
      { calls: [{ tool: "refund", args: { order_id: "ORD-8821", amount: 29.99 } }] },
      { text: "Refunded." },
    ]);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("has no code that is not run here", () => {
    const languages = blocks.map(({ language }) => language);
    expect(languages).toEqual(["yaml", "ts", "python", "go", "java", "sh"]);
  });

  it("generates code in TypeScript, and calls with it", async () => {
    await generate("protoc-gen-es");
    writeFileSync(join(folder, "package.json"), '{"type": "module"}');
    writeFileSync(join(folder, "client.ts"), blockOf("ts", current()));
    writeFileSync(join(folder, "tsconfig.json"), TSCONFIG);
    await run(join(BIN, "tsc"), ["-p", folder]);
    expectRefund(await run("node", ["out/client.js"]));
  });

  it("generates code in Python, and calls with it", async (context) => {
    const bin = await pythonBin();
    if (typeof bin !== "string") return context.skip(bin.missing);
    await generate("protoc-gen-python.py", bin);
    writeFileSync(join(folder, "client.py"), blockOf("python", current()));
    expectRefund(await run(join(bin, "python"), ["client.py"]));
  });

  it("calls from Go", async (context) => {
    const go = await whereThereIs("NO_GO", () => findGo(SDK_IN_GO));
    if (typeof go !== "string") return context.skip(go.missing);
    const program = join(folder, "go-program");
    mkdirSync(program);
    writeFileSync(join(program, "main.go"), blockOf("go", current()));
    // As the SDK's README wants it.
    await run(go, ["-C", program, "mod", "init", "refunds"]);
    await run(go, ["-C", program, "work", "init", ".", SDK_IN_GO]);
    expectRefund(await run(go, ["-C", program, "run", ...GO_FLAGS, "."]));
  });

  it("calls from Java", { timeout: JAVA_MS }, async (context) => {
    const made = await mavenRun();
    if ("missing" in made) return context.skip(made.missing);
    // What else a program needs at run time, the probe has.
    const probe = javaProbe();
    if ("missing" in probe) return context.skip(probe.missing);
    const jars = ["client", "proto"].map((part) => join(ROOT, "workers", "java", part, "target", "*"));
    writeFileSync(join(folder, "Client.java"), blockOf("java", current()));
    const classpath = [...jars, join(PROBES, "java", "target", "*")].join(":");
    expectRefund(await run(made.java, ["-XX:TieredStopAtLevel=1", "-cp", classpath, "Client.java"]));
  });

  it("calls with curl", async (context) => {
    for (const program of ["curl", "jq"]) {
      const { error } = spawnSync(program, ["--version"]);
      if (error !== undefined) return context.skip(`There is no ${program} on PATH.`);
    }
    expectRefund(await run("sh", ["-euc", blockOf("sh", current())]));
  });

  /** Runs buf with the page's template, of which it takes one plugin. */
  async function generate(plugin: string, bin = ""): Promise<void> {
    const [head = "", ...plugins] = blockOf("yaml", current()).split(/(?=^ {2}- local: )/m);
    const taken = plugins.find((each) => each.includes(plugin));
    expect(taken, `the template has the plugin ${plugin}`).toBeDefined();
    writeFileSync(join(folder, "buf.gen.yaml"), head + taken);
    await run(join(BIN, "buf"), ["generate"], { PATH: [bin, BIN, process.env.PATH].join(":") });
  }

  async function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
    const child = spawn(program, args, {
      cwd: folder,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    let failed = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      failed += text;
    });
    const code = await new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    expect(code, `${program} ${args.join(" ")}\n${said}${failed}`).toBe(0);
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

/** That it was told of the call, approved it, and has the result. */
function expectRefund(said: string): void {
  expect(said).toContain('waits: refund {"amount":29.99,"order_id":"ORD-8821"}');
  expect(said).toContain('{"result":"Refunded.","finishReason":"STOP"}');
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
