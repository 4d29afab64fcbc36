// The example agent, for tests and for programs that start it.
export * from "./refund-agent.js";
