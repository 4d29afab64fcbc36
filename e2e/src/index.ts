// What the end-to-end tests, and the programs that measure, stand on.
export * from "./child-service.js";
export * from "./desk-agent.js";
export * from "./gate.js";
export * from "./gateway-process.js";
export * from "./heartbeats.js";
export * from "./held-task.js";
export * from "./ledger.js";
export * from "./model-server.js";
export * from "./mongo-valve.js";
export type { MongoCommand } from "./mongo-wire.js";
export type { Census } from "./probe.js";
export * from "./raw-worker.js";
export type { Server } from "./server-processes.js";
export * from "./stack.js";
export * from "./stack-options.js";
export * from "./until.js";
export type { Vitals } from "./vitals.js";
export * from "./worker-logins.js";
