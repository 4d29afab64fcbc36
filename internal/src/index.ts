// What two of our processes must agree on.
export * from "./canonical-json.js";
export * from "./errors.js";
export * from "./limits.js";
export * from "./subjects.js";
