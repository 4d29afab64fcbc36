"""What happens in a run that is made up, step by step."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from agentspan.agents.testing.hidden_frames import of_the_library
from agentspan.agents.testing.kit_error import KitError
from agentspan.agents.testing.kit_event import (
    GuardrailFailEvent,
    GuardrailPassEvent,
    HandoffEvent,
    KitEvent,
    MessageEvent,
    ThinkingEvent,
)

__tracebackhide__ = of_the_library

MockDecision = Literal["APPROVED", "REJECTED", "RESPONDED"]
"""How a person decided. RESPONDED answers a question, or stands in for the tool."""


@dataclass(frozen=True, eq=False)
class MockEvent:
    """One step of a made-up run; made by the functions below."""

    #: How it is written.
    text: str

    @staticmethod
    def tool_call(tool_name: str, args: Mapping[str, Any] | None = None) -> MockEvent:
        """The model calls a tool. Calls that follow one another are made in one reply."""
        made = dict(args or {})
        return ToolCallStep(_written("tool_call", tool_name, made), tool_name, made)

    @staticmethod
    def tool_result(tool_name: str, value: Any = None) -> MockEvent:
        """A worker ran the call, and this came of it. Of a gated tool: only after it was decided."""
        return ToolResultStep(_written("tool_result", tool_name, value), tool_name, value)

    @staticmethod
    def tool_error(tool_name: str, message: str) -> MockEvent:
        """A worker ran the call, and it failed for good: the model is told the message."""
        return ToolErrorStep(_written("tool_error", tool_name, message), tool_name, message)

    @staticmethod
    def waiting(message: str = "") -> MockEvent:
        """The run waits for a person. The message is for whoever reads the test."""
        return WaitingStep(_written("waiting", *([message] if message else [])))

    @staticmethod
    def decided(
        outcome: MockDecision = "APPROVED",
        *,
        tool_name: str | None = None,
        by: str | None = None,
        groups: Sequence[str] = (),
        reason: str = "",
        args: Mapping[str, Any] | None = None,
        content: Any = None,
    ) -> MockEvent:
        """A person decided what the run waits for.

        Args:
            outcome: How.
            tool_name: Which tool's call, where those of several wait; of several calls of one tool, the first.
            by: Who decided; "somebody" unless said.
            groups: The groups of whoever decided.
            reason: The reason of a rejection, or a comment.
            args: With APPROVED: the arguments that run instead.
            content: With RESPONDED: the answer.
        """
        if outcome not in get_args(MockDecision):
            raise KitError(
                f"MockEvent.decided() takes {', '.join(map(shown, get_args(MockDecision)))}: not {outcome!r}."
            )
        edited = None if args is None else dict(args)
        named: dict[str, Any] = {"tool_name": tool_name, "by": by, "groups": list(groups) or None}
        named |= {"reason": reason or None, "args": edited, "content": content}
        text = _written("decided", outcome, **{name: one for name, one in named.items() if one is not None})
        return DecidedStep(
            text, outcome, tool_name, "somebody" if by is None else by, tuple(groups), reason, edited, content
        )

    @staticmethod
    def done(result: Any = "") -> MockEvent:
        """The model answers, and the run is done.

        Calls that have no result by then had one; what the run was said to be waiting for was approved.
        """
        return DoneStep(_written("done", *([] if result == "" else [result])), result)

    @staticmethod
    def error(message: str) -> MockEvent:
        """The model fails for good, and the run with it."""
        return ErrorStep(_written("error", message), message)

    @staticmethod
    def thinking(text: str) -> MockEvent:
        """Of the kit alone: no server tells of it."""
        return KitOnlyStep(_written("thinking", text), ThinkingEvent(text=text))

    @staticmethod
    def message(text: str) -> MockEvent:
        """Of the kit alone: no server tells of it."""
        return KitOnlyStep(_written("message", text), MessageEvent(text=text))

    @staticmethod
    def handoff(agent_name: str) -> MockEvent:
        """Of the kit alone: no server tells of it."""
        return KitOnlyStep(_written("handoff", agent_name), HandoffEvent(agent_name=agent_name))

    @staticmethod
    def guardrail_pass(guardrail: str) -> MockEvent:
        """Of the kit alone: no server tells of it."""
        return KitOnlyStep(_written("guardrail_pass", guardrail), GuardrailPassEvent(guardrail=guardrail))

    @staticmethod
    def guardrail_fail(guardrail: str, reason: str = "") -> MockEvent:
        """Of the kit alone: no server tells of it."""
        text = _written("guardrail_fail", guardrail, *([reason] if reason else []))
        return KitOnlyStep(text, GuardrailFailEvent(guardrail=guardrail, reason=reason))


@dataclass(frozen=True, eq=False)
class ToolCallStep(MockEvent):
    tool_name: str
    args: dict[str, Any]


@dataclass(frozen=True, eq=False)
class ToolResultStep(MockEvent):
    tool_name: str
    value: Any


@dataclass(frozen=True, eq=False)
class ToolErrorStep(MockEvent):
    tool_name: str
    message_text: str


@dataclass(frozen=True, eq=False)
class WaitingStep(MockEvent):
    pass


@dataclass(frozen=True, eq=False)
class DecidedStep(MockEvent):
    outcome: MockDecision
    tool_name: str | None = None
    by: str = "somebody"
    groups: tuple[str, ...] = ()
    reason: str = ""
    args: dict[str, Any] | None = field(default=None)
    content: Any = None


@dataclass(frozen=True, eq=False)
class DoneStep(MockEvent):
    result: Any


@dataclass(frozen=True, eq=False)
class ErrorStep(MockEvent):
    message_text: str


@dataclass(frozen=True, eq=False)
class KitOnlyStep(MockEvent):
    event: KitEvent


def _written(name: str, *args: Any, **named: Any) -> str:
    told = [shown(one) for one in args] + [f"{key}={shown(one)}" for key, one in named.items()]
    return f"MockEvent.{name}({', '.join(told)})"


def shown(value: Any) -> str:
    """A value as it is written in Python, on one line."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{shown(key)}: {shown(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(shown, value))}]"
    return repr(value)
