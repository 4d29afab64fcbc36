"""What a scripted model says, written down: a turn is one reply."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from agentspan.agents.testing.kit_error import KitError
from agentspan.agents.testing.model_told import ToldModel
from agentspan.agents.testing.script_words import is_itself, name_of_tool, script_args, script_json, script_text

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
        return self.args if isinstance(self.args, str) else script_args(self.args, f"The arguments of {self.tool_name}")


@dataclass(frozen=True)
class CallsTurn(SaidTurn):
    """The model calls tools."""

    calls: tuple[ScriptedCall, ...]
    #: What it says beside.
    text: str = ""

    def and_(self, tool_name: str, args: Mapping[str, Any] | str | None = None) -> CallsTurn:
        """With another call in the same reply."""
        return CallsTurn((*self.calls, _call(tool_name, args)), self.text)

    def saying(self, text: str) -> CallsTurn:
        """With words beside the calls."""
        return CallsTurn(self.calls, script_text(text, "What the model says beside"))


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
    """The model calls a tool, and perhaps others in the same reply. Raises KitError where that cannot be sent.

    calls("get_order", {"order_id": "ORD-8821"}).and_("get_customer", {"customer_id": "cust_001"})
    """
    return CallsTurn((_call(tool_name, args),))


def says(answer: object, *, finish_reason: SaidFinish = "STOP") -> SaysTurn:
    """The model answers, and the run is done. What is no text becomes JSON, for agents with an output schema.

    Raises KitError where it has no JSON.
    """
    what = "The answer of says()"
    return SaysTurn(script_text(answer, what) if isinstance(answer, str) else script_json(answer, what), finish_reason)


def fails(message: str = "The provider is overloaded.", *, again: bool = True) -> FailsTurn:
    """The model's provider fails: for good with `again=False`, else so that it is asked again after a while."""
    return FailsTurn(script_text(message, "The message of fails()"), again)


def read_model_script(script: object) -> dict[str, list[ModelTurn]] | list[ModelTurn]:
    """A script as a test writes it. Raises KitError where it is none."""
    if isinstance(script, Mapping):
        for name in script:
            if not isinstance(name, str):
                raise KitError(f"The model's script names an agent by {name!r}: write its name.")
        return {name: _turns(turns, f"The script of {name}") for name, turns in script.items()}
    return _turns(script, "The model's script")


def _turns(script: object, whose: str) -> list[ModelTurn]:
    if isinstance(script, str | SaidTurn) or callable(script) or not isinstance(script, Iterable):
        raise KitError(f'{whose} is {script!r}: write its turns as a list, such as [says("Hello.")].')
    turns = list(script)
    for number, turn in enumerate(turns, 1):
        maker = is_itself(turn, (calls, says, fails))
        if maker is not None:
            raise KitError(f"Turn {number} of {_lower(whose)} is {maker} itself: write {maker}(...).")
        if isinstance(turn, type) or not (isinstance(turn, SaidTurn) or callable(turn)):
            raise KitError(
                f"Turn {number} of {_lower(whose)} is {turn!r}: write a turn, such as says() or calls(), or a function "
                "that gives one."
            )
    return turns


def _lower(words: str) -> str:
    return words[0].lower() + words[1:]


def _call(tool: str, args: Mapping[str, Any] | str | None) -> ScriptedCall:
    name = name_of_tool(tool, "calls()")
    what = f"The arguments of calls({_quoted(name)})"
    if args is None:
        return ScriptedCall(name, {})
    if isinstance(args, str):
        return ScriptedCall(name, script_text(args, what))
    script_args(args, what)
    return ScriptedCall(name, args)


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
