// The programs as scripts/bundle.mjs makes them: each starts with what V8 compiled of it before, and also without.
import { execFile } from "node:child_process";
import { readdirSync, truncateSync } from "node:fs";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** Says of each script that is compiled with what was kept whether V8 refused it. */
const HOOK = `
import { writeSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import vm from "node:vm";
const { Script } = vm;
vm.Script = class extends Script {
  constructor(source, options) {
    super(source, options);
    writeSync(1, \`refused: \${this.cachedDataRejected}\\n\`);
  }
};
syncBuiltinESMExports();
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "agentspan-kept-code-"));
  await writeFile(join(folder, "hook.mjs"), HOOK);
  await writeFile(join(folder, "package.json"), '{"type":"module"}\n');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What a program says on both streams; with settings that no program takes, so that it ends at once. */
async function saidBy(bundle: string, ...before: readonly string[]): Promise<string> {
  const call = `const { main } = await import(${JSON.stringify(pathToFileURL(join(bundle, "main.js")).href)});
    if (main !== undefined) process.exit(await main(["--version"]));`;
  const { PATH } = process.env;
  const env = { PATH, AGENTSPAN_LEASE: "none", AGENTSPAN_PORT: "none" };
  const ended = promisify(execFile)(process.execPath, [...before, "--input-type=module", "-e", call], { env });
  const { stdout, stderr } = await ended.catch((error: { stdout: string; stderr: string }) => error);
  return stdout + stderr;
}

describe("what V8 compiled of a program when it was built", () => {
  it.each([
    ["services/orchestrator", "AGENTSPAN_LEASE"],
    ["services/gateway", "AGENTSPAN_PORT"],
    ["cli", "0."],
  ])("is taken by %s", async (program, says) => {
    const said = await saidBy(join(ROOT, program, "bundle"), "--import", pathToFileURL(join(folder, "hook.mjs")).href);
    expect(said).toMatch(/^refused: false\n/);
    expect(said).toContain(says);
  });

  it("may be missing, or be of no use: the program starts all the same", async () => {
    const hook = ["--import", pathToFileURL(join(folder, "hook.mjs")).href];
    const bundle = join(folder, "bundle");
    await cp(join(ROOT, "cli", "bundle"), bundle, { recursive: true });
    const [kept = ""] = readdirSync(join(bundle, "parts")).filter((name) => name.endsWith(".v8"));
    truncateSync(join(bundle, "parts", kept), 1_000);
    expect(await saidBy(bundle, ...hook)).toMatch(/^refused: true\n(.*\n)?0\.\d/);
    await rm(join(bundle, "parts", kept));
    expect(await saidBy(bundle, ...hook)).toMatch(/^refused: undefined\n(.*\n)?0\.\d/);
  });
});
