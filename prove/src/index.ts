// Proves, from outside and through faults, what Agentspan promises.
export { buildTwin } from "./build-twin.js";
export type { Broken, Checked } from "./checks/evidence.js";
export { DEFAULTS } from "./defaults.js";
export { ROOT, requireOnce } from "./defences/copied-tree.js";
export { DEFENCES } from "./defences/defences.js";
export { FAULT_KINDS, type FaultKind } from "./faults/kinds.js";
export type { ProveFlags } from "./flags.js";
export { type ProveOptions, prove } from "./prove.js";
export { proveWith } from "./prove-command.js";
export { proveTwin } from "./prove-twins.js";
export { held, type Report, tableOf } from "./report.js";
export { STORIES, type Story } from "./stories.js";
export { TWINS, type Twin } from "./twins.js";
