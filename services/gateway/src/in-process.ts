// The gateway without its ports, for whoever brings a bus and a transport of its own.
export type { Bus, Outcome } from "./bus/bus.js";
export { ANONYMOUS, type Caller, type Context, DEFAULT_NAMESPACE } from "./context.js";
export type { Method } from "./method.js";
export { type GatewayMethods, gatewayMethods, type MethodsOptions } from "./methods.js";
export { requireDefinition } from "./validation/agent.js";
export { requirePolicy } from "./validation/approval-policy.js";
