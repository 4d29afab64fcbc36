"""What a scripted model says, written down: a turn is one reply."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from agentspan.agents.json_text import write_json
from agentspan.agents.testing.model_told import ToldModel

SaidFinish = Literal["STOP", "LENGTH", "REFUSED"]


class SaidTurn:
    """What a model says in one turn: it calls tools, gives its answer, or its provider fails."""


@dataclass(frozen=True)
class ScriptedCall:
    """One tool call that the model makes."""

    tool_name: str
    #: Sent as JSON; text is sent as it is, for arguments that are no JSON.
    args: Mapping[str, Any] | str

    @property
    def args_text(self) -> str:
        """As the server gets it."""
        return self.args if isinstance(self.args, str) else write_json(dict(self.args))


@dataclass(frozen=True)
class CallsTurn(SaidTurn):
    """The model calls tools."""

    calls: tuple[ScriptedCall, ...]
    #: What it says beside.
    text: str = ""

    def and_(self, tool_name: str, args: Mapping[str, Any] | str | None = None) -> CallsTurn:
        """With another call in the same reply."""
        return CallsTurn((*self.calls, ScriptedCall(tool_name, {} if args is None else args)), self.text)

    def saying(self, text: str) -> CallsTurn:
        """With words beside the calls."""
        return CallsTurn(self.calls, text)


@dataclass(frozen=True)
class SaysTurn(SaidTurn):
    """The model gives its final answer."""

    text: str
    finish_reason: SaidFinish = "STOP"


@dataclass(frozen=True)
class FailsTurn(SaidTurn):
    """The model's provider fails."""

    message: str
    #: Whether the server asks it again, for the next turn of the script.
    again: bool


TurnFunction: TypeAlias = Callable[[ToldModel], SaidTurn | Awaitable[SaidTurn]]

ModelTurn: TypeAlias = SaidTurn | TurnFunction
"""A turn, or a function of what the model was told that gives it."""

ModelScript: TypeAlias = Sequence[ModelTurn] | Mapping[str, Sequence[ModelTurn]]
"""The turns of every run, in order; or those of each agent's runs, by the agent's name."""


def calls(tool_name: str, args: Mapping[str, Any] | str | None = None) -> CallsTurn:
    """The model calls a tool, and perhaps others in the same reply.

    calls("get_order", {"order_id": "ORD-8821"}).and_("get_customer", {"customer_id": "cust_001"})
    """
    return CallsTurn((ScriptedCall(tool_name, {} if args is None else args),))


def says(answer: object, *, finish_reason: SaidFinish = "STOP") -> SaysTurn:
    """The model answers, and the run is done. What is no text becomes JSON, for agents with an output schema."""
    return SaysTurn(answer if isinstance(answer, str) else write_json(answer), finish_reason)


def fails(message: str = "The provider is overloaded.", *, again: bool = True) -> FailsTurn:
    """The model's provider fails: for good with `again=False`, else so that it is asked again after a while."""
    return FailsTurn(message, again)


def turn_text(turn: ModelTurn) -> str:
    """A turn in words, for a person."""
    if isinstance(turn, SaysTurn):
        return f"says({_quoted(turn.text)})"
    if isinstance(turn, FailsTurn):
        return f"fails({_quoted(turn.message)})"
    if isinstance(turn, CallsTurn):
        first, *others = [f"({_quoted(call.tool_name)}, {call.args_text})" for call in turn.calls]
        return f"calls{first}{''.join(f'.and_{other}' for other in others)}"
    if isinstance(turn, SaidTurn):
        return repr(turn)
    name = getattr(turn, "__name__", "<lambda>")
    return "a function" if name == "<lambda>" else f"the function {name}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
