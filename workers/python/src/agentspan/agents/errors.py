"""The closed list of reasons, the code of each, and the one error class that carries them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

START_WITH = "Start one with: agentspan server start (in a clone of its repository: npx agentspan server start)"
"""For a program, which does not know how the command is found where it runs."""

Reason = Literal[
    "RUN_NOT_FOUND",
    "APPROVAL_NOT_FOUND",
    "AGENT_NOT_FOUND",
    "KEY_NOT_FOUND",
    "GRANT_NOT_FOUND",
    "WEBHOOK_NOT_FOUND",
    "DELIVERY_NOT_FOUND",
    "INVALID_REQUEST",
    "INVALID_ARGUMENTS",
    "APPROVAL_ID_REQUIRED",
    "NOTHING_TO_DECIDE",
    "SETTLE_REQUIRED",
    "RUN_ENDED",
    "APPROVAL_EXPIRED",
    "ALREADY_DECIDED",
    "ARGUMENTS_CHANGED",
    "CONFLICT",
    "IDEMPOTENCY_KEY_REUSED",
    "UNAUTHENTICATED",
    "PERMISSION_DENIED",
    "SELF_APPROVAL",
    "LIMIT_EXCEEDED",
    "RATE_LIMITED",
    "STORE_UNAVAILABLE",
    "BUS_UNAVAILABLE",
    "ISSUER_UNAVAILABLE",
    "ROW_UNREADABLE",
    "UNIMPLEMENTED",
    "INTERNAL",
]
"""Why a request was refused. docs/errors.md says what each means and what to do."""

REASONS: tuple[Reason, ...] = get_args(Reason)

# Of these the same request may succeed later without a change.
_RETRYABLE: frozenset[Reason] = frozenset(
    {"STORE_UNAVAILABLE", "BUS_UNAVAILABLE", "ISSUER_UNAVAILABLE", "RATE_LIMITED", "CONFLICT"}
)


def reason_of(text: str) -> Reason | None:
    """The reason of that name; None for one that this version does not know."""
    return next((reason for reason in REASONS if reason == text), None)


@dataclass(frozen=True)
class FieldFault:
    """What is wrong with one field of a request."""

    field: str
    description: str


class AgentspanError(Exception):
    """A refusal with a reason of the contract. The text says what happened and what to do.

    Match on `reason`, never on the text.
    """

    def __init__(
        self,
        reason: Reason,
        message: str,
        *,
        metadata: Mapping[str, str] | None = None,
        fields: Sequence[FieldFault] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.reason: Reason = reason
        self.message = message
        self.metadata: dict[str, str] = dict(metadata or {})
        self.fields: tuple[FieldFault, ...] = tuple(fields)
        #: Seconds after which the same request may succeed; None where the server did not say.
        self.retry_after = retry_after

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed later without a change. The one place that decides it."""
        return self.reason in _RETRYABLE

    def __str__(self) -> str:
        return f"{self.reason}: {self.message}"


class TerminalError(Exception):
    """Raised by a tool whose failure is final.

    It is not tried again, and the model gets the message as the call's result.
    """


def invalid(message: str, field: str, description: str) -> AgentspanError:
    """INVALID_REQUEST about one field."""
    return AgentspanError("INVALID_REQUEST", message, fields=[FieldFault(field, description)])
