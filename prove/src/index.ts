// Proves, from outside and through faults, what Agentspan promises.
export type { Broken, Checked } from "./checks/evidence.js";
export { FAULT_KINDS, type FaultKind } from "./faults/schedule.js";
export { DEFAULTS, type ProveOptions, prove } from "./prove.js";
export { held, type Report, tableOf } from "./report.js";
export { STORIES, type Story } from "./stories.js";
