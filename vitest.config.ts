import { defineConfig } from "vitest/config";
import { LongestFirst } from "./scripts/longest-first.js";

/** Four fill two cores: tests with servers mostly wait, for leases and for processes. */
const WORKERS = 4;

/** What the packages compiled is loaded as it is: Vite would read and write all of it anew in each worker. */
const COMPILED = { deps: { external: [/\/dist\/.*\.js$/] } };

/** What is polled for comes later on a busy machine than the second that is the default. */
const PATIENT = { poll: { timeout: 55_000 } };

// unit: no server, under a minute. servers: everything that crosses a process, against real NATS and MongoDB.
// They share the workers, for which vitest wants the same number of both; see longest-first.ts for the order.
export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    reporters: ["default", "./scripts/closing-line.mjs"],
    projects: [
      {
        test: {
          name: "unit",
          include: ["**/test/**/*.test.ts"],
          exclude: ["**/node_modules/**", "**/dist/**", "**/test/servers/**"],
          maxWorkers: WORKERS,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Modules are loaded once in each thread and not once for each file.
          pool: "threads",
          isolate: false,
          server: COMPILED,
          expect: PATIENT,
        },
      },
      {
        test: {
          name: "servers",
          include: ["**/test/servers/**/*.test.ts"],
          exclude: ["**/node_modules/**", "**/dist/**"],
          globalSetup: ["servers/test/fetch-once.ts"],
          // Against what hangs, on a machine of any speed.
          testTimeout: 120_000,
          hookTimeout: 240_000,
          maxWorkers: WORKERS,
          isolate: false,
          server: COMPILED,
          expect: PATIENT,
        },
      },
    ],
  },
});
