// The table of drivers: how each is started, or why it cannot be here.

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { goProgram } from "../../go/test/environment.js";
import { testPython } from "../../python/test/environment.js";
import type { DriverRow } from "./conformance.js";
import { javaDriver } from "./java-driver.js";

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
    const found = await testPython();
    if ("missing" in found) return found;
    return {
      language: "python",
      command: [join(found.bin, "python"), join(PYTHON_SDK, "tests", "conformance", "driver.py")],
      env: { PYTHONPATH: join(PYTHON_SDK, "src") },
    };
  },
};

export const GO: DriverRow = {
  name: "Go",
  find: async () => {
    const found = await goProgram("./conformance");
    return "missing" in found ? found : { language: "go", command: [found.file] };
  },
};

export const JAVA: DriverRow = { name: "Java", find: javaDriver };
