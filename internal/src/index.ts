// What two of our processes must agree on.
export * from "./errors.js";
export * from "./limits.js";
export * from "./subjects.js";
