// The gateway for the local stack and for tests; as a process of its own it is main.js.
export { GATEWAY_SETTINGS, GATEWAY_VARIABLES } from "./config.js";
export { type Gateway, type GatewayOptions, type ReadyMessage, StartError, startGateway } from "./gateway.js";
