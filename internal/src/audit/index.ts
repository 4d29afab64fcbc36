// The audit's entries, their chains, and whether an export of them is as it was written.
export * from "./audit-entry.js";
export { groundOf } from "./grant-uses.js";
export { type AuditHeader, noAuditLine, readAuditLine } from "./read-audit-line.js";
export * from "./verify-audit.js";
