"""Serves tools over NATS, as workers/PROTOCOL.md says."""
