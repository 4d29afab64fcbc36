/** Kinds of fault, as --faults names them. */
export const FAULT_KINDS = ["kill", "points", "stop", "nats", "mongodb", "answers", "clock", "arms", "disk"] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];
