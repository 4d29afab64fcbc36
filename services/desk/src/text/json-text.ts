// What the desk shares with whatever else shows people what models wrote.
export * from "@agentspan/internal/json-text";
