"""What is signed: the RFC 8785 text of {"purpose": …, "statement": {…}}.

The purpose says what the statement is, so that a signature of one thing is never one of another. Times are whole
milliseconds since the epoch, digests as digest_of gives them; what is not there is an empty text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from typing_extensions import NotRequired

from agentspan.agents.canonical_json import canonicalize

GRANT_VALID_MS = 30_000
"""How long a grant may be begun."""


class GrantStatement(TypedDict):
    """Which worker may start what: signed by the orchestrator."""

    run: str
    call: str
    attempt: int
    #: Of the claim's nonce, which itself is told to nobody else.
    nonceDigest: str
    worker: str
    tool: str
    digest: str
    guarded: bool
    idempotencyKey: str
    #: Empty where no person had to decide.
    approval: str
    decision: str
    grantedAt: int
    expiresAt: int
    #: The fingerprint that the call was checked against right before; absent, and no empty text, where nothing was.
    preview: NotRequired[str]


def signed_text(purpose: str, statement: Mapping[str, Any]) -> str:
    """The text that is signed for a purpose."""
    return canonicalize({"purpose": purpose, "statement": dict(statement)})


def grant_text(statement: GrantStatement) -> str:
    """The text of a grant."""
    return signed_text("agentspan.grant.v1", statement)
