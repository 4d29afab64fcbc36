// The table of drivers: how each is started, or why it cannot be here.

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pythonEnvironment, ServersError } from "@agentspan/servers";
import type { DriverRow } from "./conformance.js";

const WORKERS = fileURLToPath(new URL("../../", import.meta.url));
const PYTHON_SDK = join(WORKERS, "python");

export const TYPESCRIPT: DriverRow = {
  name: "TypeScript",
  find: async () => ({
    language: "typescript",
    command: [process.execPath, join(WORKERS, "conformance", "bundle", "driver.js")],
  }),
};

export const PYTHON: DriverRow = {
  name: "Python",
  find: async () => {
    try {
      const bin = await pythonEnvironment({
        requirements: join(PYTHON_SDK, "requirements", "test.txt"),
        purpose: "the tests of the Python SDK",
        programs: ["pytest"],
        onProgress: (line) => process.stderr.write(`${line}\n`),
      });
      return {
        language: "python",
        command: [join(bin, "python"), join(PYTHON_SDK, "tests", "conformance", "driver.py")],
        env: { PYTHONPATH: join(PYTHON_SDK, "src"), PYTHONDONTWRITEBYTECODE: "1" },
      };
    } catch (error) {
      if (!(error instanceof ServersError && error.reason === "NO_PYTHON")) throw error;
      return { missing: error.message };
    }
  },
};
