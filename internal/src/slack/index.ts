// What orchestrators, which post to Slack, and gateways, which hear what was pressed there, must agree on.
export * from "./buttons.js";
export * from "./slack-api.js";
export * from "./slack-text.js";
