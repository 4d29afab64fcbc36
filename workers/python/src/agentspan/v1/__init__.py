"""The contract as protobuf messages, generated from proto/agentspan/v1."""
