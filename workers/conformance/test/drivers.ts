// The table of drivers: how each is started, or why it cannot be here.
import { fileURLToPath } from "node:url";
import type { DriverRow } from "./conformance.js";

const programOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export const TYPESCRIPT: DriverRow = {
  name: "TypeScript",
  find: async () => ({ language: "typescript", command: [process.execPath, programOf("../bundle/driver.js")] }),
};
