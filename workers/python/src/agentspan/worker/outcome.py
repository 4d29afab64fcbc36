"""What a tool returned or raised, as the server is told."""

from __future__ import annotations

import json
from typing import Any, TypeAlias

from agentspan.agents.canonical_json import digest_of
from agentspan.agents.errors import TerminalError
from agentspan.agents.json_text import JsonWritingError, write_exact_json
from agentspan.agents.limits import RESULT_BYTES
from agentspan.v1 import worker_pb2

Outcome: TypeAlias = dict[str, Any]
"""One field of CompleteRequest's outcome, by its name."""

MESSAGE_BYTES = 4 * 1024
"""Of words for people."""

# Bytes that a request holds besides its result.
_ENVELOPE_BYTES = 16 * 1024


def returned(value: object, *, guarded: bool, max_payload: int) -> Outcome:
    """The outcome of a function that returned.

    A plain tool's result over the limit is a failure that names limit and size. A guarded tool's effect has happened,
    so its result is never refused: what fits one message goes as it is, and the server keeps digest, size and head of
    it; what does not goes as {"truncated": true, "digest", "sizeBytes", "head"}.
    """
    try:
        text = write_exact_json(value)
    except JsonWritingError as error:
        what = "The tool ran to its end" if guarded else "The tool returned"
        return failure(f"{what}, but its result cannot be written as JSON: {error}", retryable=False)
    size = len(text.encode("utf-8"))
    if size <= RESULT_BYTES:
        return {"result_json": text}
    if not guarded:
        return failure(f"The tool's result has {size} bytes of JSON; the limit is {RESULT_BYTES}.", retryable=False)
    if size + _ENVELOPE_BYTES <= max_payload:
        return {"result_json": text}
    kept = {"truncated": True, "digest": digest_of(text), "sizeBytes": size, "head": cut(text, MESSAGE_BYTES)}
    return {"result_json": json.dumps(kept, ensure_ascii=False)}


def raised(error: BaseException) -> Outcome:
    """The outcome of a function that raised: tried again by the tool's policy, unless it was a TerminalError."""
    return failure(words_of(error), retryable=not isinstance(error, TerminalError))


def failure(message: str, *, retryable: bool) -> Outcome:
    """A failure in words."""
    return {"failure": worker_pb2.ToolFailure(message=cut(message, MESSAGE_BYTES), retryable=retryable)}


def words_of(error: BaseException) -> str:
    """What it says, or else what it is. What a KeyError says is the key alone, which tells nobody what is wrong."""
    name, words = type(error).__name__, str(error)
    if isinstance(error, KeyError):
        return f"{name}: {words}"
    return words or name


def cut(text: str, most: int) -> str:
    """At most so many bytes of UTF-8, never half a character."""
    whole = text.encode("utf-8", "replace")
    return whole[:most].decode("utf-8", "ignore")
