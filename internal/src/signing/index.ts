// Signatures from end to end: who signs what, and who believes it.
export * from "./decision-link.js";
export * from "./envelope.js";
export * from "./grant-statement.js";
export * from "./key-files.js";
export * from "./key-statements.js";
export * from "./permit.js";
export * from "./registration-statement.js";
export * from "./settings.js";
export * from "./signing-key.js";
export * from "./statements.js";
export * from "./trusted-keys.js";
export * from "./webhook-statements.js";
export * from "./worker-credentials.js";
