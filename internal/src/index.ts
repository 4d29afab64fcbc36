// What two of our processes must agree on.
export * from "./canonical-json.js";
export * from "./config.js";
export * from "./duration.js";
export * from "./error-details.js";
export * from "./errors.js";
export * from "./fault-points.js";
export * from "./grpc-services.js";
export * from "./ids.js";
export * from "./json-schema.js";
export * from "./limits.js";
export * from "./log.js";
export * from "./nearest-name.js";
export * from "./permissions.js";
export * from "./shutdown.js";
export * from "./subjects.js";
export * from "./variables.js";
