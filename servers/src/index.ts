// NATS and a MongoDB server for the local stack and for tests: found or fetched, started, stopped.
export * from "./cache-folder.js";
export * from "./free-port.js";
export { findGo, GO_COMPILES, GO_FLAGS, type GoProgramsOptions, goPrograms } from "./go-programs.js";
export * from "./leftover.js";
export { Lock } from "./lock.js";
export * from "./make-folder.js";
export * from "./mongo.js";
export * from "./nats.js";
export { commandLineOf } from "./process-table.js";
export { findProgram, runCommand } from "./programs.js";
export { type PythonEnvironmentOptions, pythonEnvironment } from "./python-environment.js";
export * from "./resolve-servers.js";
export type { ServerExit, ServerHooks } from "./server-process.js";
export { ServerProcess } from "./server-process.js";
export * from "./servers-error.js";
export * from "./shared-mongo.js";
export * from "./test-certificates.js";
export * from "./test-servers.js";
