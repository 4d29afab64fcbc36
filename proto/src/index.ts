// The contract: every message and service of agentspan.v1, and the envelope between our own processes.
export * from "./gen/agentspan/internal/v1/envelope_pb.js";
export * from "./gen/agentspan/internal/v1/keys_pb.js";
export * from "./gen/agentspan/internal/v1/refusal_pb.js";
export * from "./gen/agentspan/v1/agent_pb.js";
export * from "./gen/agentspan/v1/approval_pb.js";
export * from "./gen/agentspan/v1/audit_pb.js";
export * from "./gen/agentspan/v1/event_pb.js";
export * from "./gen/agentspan/v1/grant_pb.js";
export * from "./gen/agentspan/v1/identity_pb.js";
export * from "./gen/agentspan/v1/key_pb.js";
export * from "./gen/agentspan/v1/run_pb.js";
export * from "./gen/agentspan/v1/run_state_pb.js";
export * from "./gen/agentspan/v1/webhook_pb.js";
export * from "./gen/agentspan/v1/worker_list_pb.js";
export * from "./gen/agentspan/v1/worker_pb.js";
