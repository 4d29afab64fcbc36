// The interfaces that the engine, the relay and the sweeper need. Adapters implement them; only main wires them.
export * from "./ports/agents.js";
export * from "./ports/audit.js";
export * from "./ports/bus.js";
export * from "./ports/channels.js";
export * from "./ports/grants.js";
export * from "./ports/identity.js";
export * from "./ports/keys.js";
export * from "./ports/models.js";
export * from "./ports/permits.js";
export * from "./ports/posts.js";
export * from "./ports/processes.js";
export * from "./ports/runs.js";
export * from "./ports/store.js";
export * from "./ports/webhooks.js";
