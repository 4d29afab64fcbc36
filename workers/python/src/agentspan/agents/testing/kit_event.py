"""What the kit alone knows of a run: the server has no events for it (yet), so nothing follows from it there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True, kw_only=True)
class ThinkingEvent:
    """The model thought about something."""

    type: Literal["thinking"] = "thinking"
    #: No server tells of it.
    kit_only: Literal[True] = True
    text: str


@dataclass(frozen=True, kw_only=True)
class MessageEvent:
    """The model said something that is not its answer."""

    type: Literal["message"] = "message"
    kit_only: Literal[True] = True
    text: str


@dataclass(frozen=True, kw_only=True)
class HandoffEvent:
    """The work went to another agent."""

    type: Literal["handoff"] = "handoff"
    kit_only: Literal[True] = True
    agent_name: str


@dataclass(frozen=True, kw_only=True)
class GuardrailPassEvent:
    """A guardrail had nothing against it."""

    type: Literal["guardrail_pass"] = "guardrail_pass"
    kit_only: Literal[True] = True
    guardrail: str


@dataclass(frozen=True, kw_only=True)
class GuardrailFailEvent:
    """A guardrail had something against it."""

    type: Literal["guardrail_fail"] = "guardrail_fail"
    kit_only: Literal[True] = True
    guardrail: str
    reason: str


KitEvent: TypeAlias = ThinkingEvent | MessageEvent | HandoffEvent | GuardrailPassEvent | GuardrailFailEvent
"""An event that only the kit knows."""

KIT_EVENTS = (ThinkingEvent, MessageEvent, HandoffEvent, GuardrailPassEvent, GuardrailFailEvent)
"""Their classes, for isinstance."""
