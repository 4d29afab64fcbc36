// How every page and inbox follows the server.
export * from "@agentspan/internal/follow-watch";
