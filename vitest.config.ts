import { defineConfig } from "vitest/config";

// unit: no server, under a minute. servers: everything that crosses a process, against real NATS and MongoDB.
export default defineConfig({
  test: {
    reporters: ["default", "./scripts/closing-line.mjs"],
    projects: [
      {
        test: {
          name: "unit",
          include: ["**/test/**/*.test.ts"],
          exclude: ["**/node_modules/**", "**/dist/**", "**/test/servers/**"],
          maxWorkers: 2,
          // Modules are loaded once in each thread and not once for each file.
          pool: "threads",
          isolate: false,
        },
      },
      {
        test: {
          name: "servers",
          include: ["**/test/servers/**/*.test.ts"],
          exclude: ["**/node_modules/**", "**/dist/**"],
          globalSetup: ["servers/test/fetch-once.ts"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          // Tests here mostly wait, for leases and for processes: three at once fill two cores.
          maxWorkers: 3,
          isolate: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
