// The tests of the Python SDK, by pytest, each told as one of ours. They have an environment of their own, made of the
// pinned requirements; where there is no Python that can make one they are skipped, and say so.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, it } from "vitest";
import { testPython } from "../environment.js";

const HOME = fileURLToPath(new URL("../../", import.meta.url));

interface Told {
  readonly name: string;
  readonly outcome: "passed" | "failed" | "skipped";
  readonly text: string;
}

interface PytestRun {
  readonly code: number | null;
  readonly said: string;
  readonly told: readonly Told[];
}

async function pytest(bin: string): Promise<PytestRun> {
  const folder = mkdtempSync(join(tmpdir(), "agentspan-pytest-"));
  try {
    const report = join(folder, "report.jsonl");
    const child = spawn(join(bin, "python"), ["-m", "pytest", "--color=no"], {
      cwd: HOME,
      // Of what it and its programs import, the first keeps for the others what Python has compiled.
      env: { ...process.env, PYTEST_REPORT_FILE: report, PYTHONDONTWRITEBYTECODE: "" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        said += text;
      });
    }
    // Whoever interrupts the tests leaves no servers behind: pytest stops what it started.
    const interrupt = () => child.kill("SIGINT");
    process.once("exit", interrupt);
    const [code] = (await once(child, "close")) as [number | null];
    process.off("exit", interrupt);
    const lines = code === 0 || code === 1 ? readFileSync(report, "utf8").trim().split("\n") : [];
    return { code, said, told: lines.map((line) => JSON.parse(line) as Told) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const found = await testPython();
if ("missing" in found) {
  describe("the Python SDK", () => {
    it.skip(`is tested where there is a Python: ${found.missing}`, () => undefined);
  });
} else {
  const { code, said, told } = await pytest(found.bin);
  // What went wrong outside of any test, such as a file that cannot be imported.
  if (code !== 0 && !(code === 1 && told.some(({ outcome }) => outcome === "failed"))) {
    throw new Error(`pytest ended with ${code}:\n${said}`);
  }
  describe("the Python SDK", () => {
    for (const { name, outcome, text } of told) {
      it.skipIf(outcome === "skipped")(name, () => {
        if (outcome === "failed") throw new Error(text);
      });
    }
  });
}
