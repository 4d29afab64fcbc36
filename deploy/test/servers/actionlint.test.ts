// The workflows by actionlint, which knows their syntax, expressions and contexts. It is built once, where there is Go.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { goPrograms, ServersError } from "@agentspan/servers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ROOT } from "../places.js";
import { readWorkflows, WORKFLOWS } from "../workflow-files.js";

const run = promisify(execFile);
/** Not the programs that a machine may have or not: what is found should not depend on it. */
const ALONE = ["-shellcheck=", "-pyflakes=", "-oneline", "-no-color"];

let program: string | { readonly missing: string };
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "agentspan-workflows-"));
  try {
    const packages = ["github.com/rhysd/actionlint/cmd/actionlint"];
    [program = { missing: "" }] = await goPrograms({ module: join(ROOT, ".github", "actionlint"), packages });
  } catch (error) {
    if (!(error instanceof ServersError && error.reason === "NO_GO")) throw error;
    process.stderr.write(`Skipped the linter of workflows: ${error.message}\n`);
    program = { missing: error.message };
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What it finds wrong, a line each. */
async function faultsIn(path: string, files: readonly string[]): Promise<readonly string[]> {
  const lines = (text: string) => text.split("\n").filter((line) => line !== "");
  try {
    return lines((await run(path, [...ALONE, ...files])).stdout);
  } catch (error) {
    // 1: faults were found. Anything else is a failure of its own.
    const { code, stdout = "", stderr = "" } = error as { code?: unknown; stdout?: string; stderr?: string };
    if (code !== 1) throw new Error(`actionlint ended with ${code}: ${stderr}`, { cause: error });
    return lines(stdout);
  }
}

it("finds nothing wrong in a workflow", async (context) => {
  if (typeof program !== "string") return context.skip(program.missing);
  const files = readWorkflows().map(({ file }) => join(WORKFLOWS, file));
  expect(files.length).toBeGreaterThan(0);
  expect(await faultsIn(program, files)).toEqual([]);
});

it("would find what is no workflow", async (context) => {
  if (typeof program !== "string") return context.skip(program.missing);
  const [verify] = readWorkflows().filter(({ file }) => file === "verify.yml");
  const file = join(folder, "verify.yml");
  writeFileSync(file, (verify?.text ?? "").replaceAll("matrix.node }}", "matrix.nodes }}"));
  expect((await faultsIn(program, [file])).join("\n")).toMatch(/property "nodes" is not defined/);
});
