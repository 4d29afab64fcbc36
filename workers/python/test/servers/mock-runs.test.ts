// Made-up runs of Python go as the server's core has them, also where no vector was written: scripts by chance are played
// against the core here, and by the Python SDK's kit, which says where it makes something else of them.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as kit from "@agentspan/sdk/testing";
import { describe, expect, it } from "vitest";
import { randomVectors } from "../../../../sdk-ts/test/testing/mock-vector-random.js";
import { testPython } from "../environment.js";

const HOME = fileURLToPath(new URL("../../", import.meta.url));
const SCRIPTS = 300;
const SEED = 20_261_130;

const found = await testPython();

describe("made-up runs of the Python SDK", () => {
  const missing = "missing" in found ? found.missing : undefined;
  it.skipIf(missing !== undefined)(
    `go as the core has them, of scripts by chance${missing ? `: ${missing}` : ""}`,
    () => {
      const vectors = randomVectors(kit, { scripts: SCRIPTS, seed: SEED });
      const refused = vectors.filter((vector) => typeof vector === "object" && vector !== null && "refused" in vector);
      // Neither all nor nothing of it is taken.
      expect(refused.length / vectors.length).toBeGreaterThan(0.2);
      expect(refused.length / vectors.length).toBeLessThan(0.8);
      const folder = mkdtempSync(join(tmpdir(), "agentspan-mock-runs-"));
      try {
        const file = join(folder, "vectors.json");
        writeFileSync(file, JSON.stringify(vectors));
        const program = "bin" in found ? join(found.bin, "python") : "";
        const env = { ...process.env, PYTHONPATH: join(HOME, "src"), PYTHONDONTWRITEBYTECODE: "" };
        const said = spawnSync(program, ["-m", "tests.mock_differences", file], { cwd: HOME, env, encoding: "utf8" });
        expect(said.stderr).toBe("");
        expect(said.stdout).toBe(`${vectors.length} played, 0 otherwise\n`);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );
});
