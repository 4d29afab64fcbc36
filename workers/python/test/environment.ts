// A Python with the pinned packages of the tests, for all whose tests start one.
import { fileURLToPath } from "node:url";
import { pythonEnvironment, ServersError } from "@agentspan/servers";

const REQUIREMENTS = fileURLToPath(new URL("../requirements/test.txt", import.meta.url));

/** The folder of its programs, or why there is no such Python here, which is printed. */
export async function testPython(): Promise<{ readonly bin: string } | { readonly missing: string }> {
  const onProgress = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
  try {
    const purpose = "the tests of the Python SDK";
    return { bin: await pythonEnvironment({ requirements: REQUIREMENTS, purpose, programs: ["pytest"], onProgress }) };
  } catch (error) {
    if (!(error instanceof ServersError && error.reason === "NO_PYTHON")) throw error;
    onProgress(`Skipped what needs Python: ${error.message}`);
    return { missing: error.message };
  }
}
