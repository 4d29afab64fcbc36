"""Agentspan for Python. Programs import from `agentspan.agents`; `agentspan.v1` is the contract's generated code."""

__version__ = "0.1.0"
