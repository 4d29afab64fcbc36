"""What became of a call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from agentspan.agents.json_text import read_json
from agentspan.v1 import event_pb2

CallOutcomeKind = Literal["result", "error", "rejected", "responded", "cancelled", "truncated", "unknown"]


@dataclass(frozen=True)
class CallOutcome:
    """What became of a call; `kind` says which of the rest is set."""

    kind: CallOutcomeKind
    #: Of a result, and of what a person responded: a reading of `json`.
    value: Any = None
    json: str = ""
    #: Of an error, a rejection and a cancellation: in words, as the model is told.
    message: str = ""
    #: Of a result that was larger than the limit: what is kept of it.
    digest: str = ""
    size_bytes: int = 0
    head: str = ""


def call_outcome_of(message: event_pb2.ToolResult | event_pb2.LateOutcome) -> CallOutcome:
    """Reads an outcome of the contract."""
    which = message.WhichOneof("outcome")
    if which in ("result_json", "responded_json"):
        text: str = getattr(message, which)
        kind: CallOutcomeKind = "result" if which == "result_json" else "responded"
        return CallOutcome(kind, value=read_json(text), json=text)
    if which == "error":
        return CallOutcome("error", message=message.error)
    if which == "truncated":
        kept = message.truncated
        return CallOutcome("truncated", digest=kept.digest, size_bytes=kept.size_bytes, head=kept.head)
    if isinstance(message, event_pb2.ToolResult) and which == "rejected":
        return CallOutcome("rejected", message=message.rejected)
    if isinstance(message, event_pb2.ToolResult) and which == "cancelled":
        return CallOutcome("cancelled", message=message.cancelled)
    return CallOutcome("unknown")
