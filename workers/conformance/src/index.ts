// What the scenarios stand on.
export * from "./behaviours.js";
export * from "./conformance-agent.js";
export * from "./cuttable-wire.js";
export * from "./driver-ledger.js";
export * from "./driver-process.js";
export * from "./overheard.js";
export * from "./scripted-grant.js";
export * from "./scripted-orchestrator.js";
export * from "./scripted-task.js";
export * from "./worker-wire.js";
export * from "./world.js";
