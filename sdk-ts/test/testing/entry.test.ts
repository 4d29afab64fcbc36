// What an import of the SDK loads: a program that only uses it must not load a server.
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** The files of this repository that an import loads, whenever. */
async function filesOf(specifier: string): Promise<readonly string[]> {
  const { metafile } = await build({
    stdin: { contents: `import ${JSON.stringify(specifier)};`, resolveDir: ROOT },
    ...{ absWorkingDir: ROOT, bundle: true, write: false, metafile: true, platform: "node", format: "esm" },
    logLevel: "silent",
  });
  return Object.keys(metafile.inputs).filter((file) => !file.includes("node_modules/") && file.includes("/dist/"));
}

describe("an import of", () => {
  it("@agentspan/sdk loads nothing of the services", async () => {
    const folders = new Set((await filesOf("@agentspan/sdk")).map((file) => file.replace(/\/dist\/.*$/, "")));
    expect([...folders].sort()).toEqual(["internal", "proto", "sdk-ts"]);
  });

  it("@agentspan/sdk/testing loads them, without what speaks to servers or listens", async () => {
    const files = await filesOf("@agentspan/sdk/testing");
    expect(files).toContain("services/orchestrator/dist/core/decide.js");
    expect(files).toContain("services/gateway/dist/handlers/approve.js");
    const outside =
      /^services\/(orchestrator\/dist\/(mongo|nats|models|main)|gateway\/dist\/(http|grpc|main|gateway\.))/;
    expect(files.filter((file) => outside.test(file))).toEqual([]);
  });
});
