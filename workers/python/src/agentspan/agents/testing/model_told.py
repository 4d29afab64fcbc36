"""What a model is told in one request, as a test reads it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class ToldCall:
    """A call that the model had made."""

    id: str
    tool_name: str
    arguments_json: str


@dataclass(frozen=True)
class ToldMessage:
    """One message of the conversation."""

    role: Literal["system", "user", "assistant", "tool"]
    text: str
    #: Of an assistant's: the calls that it made.
    calls: tuple[ToldCall, ...] = ()
    #: Of a tool's: the call that it answers.
    call_id: str = ""


@dataclass(frozen=True)
class ModelRequest:
    """One request, from whatever server it came."""

    messages: tuple[ToldMessage, ...]
    tool_names: tuple[str, ...]


@dataclass(frozen=True)
class ToldResult:
    """What became of a call, as the model is told."""

    tool_name: str
    text: str
    #: A reading of the text, where it is JSON; else the text.
    value: Any


@dataclass(frozen=True)
class ToldModel:
    """What the model was told when it was asked for a turn."""

    #: The agent's; empty where it has none.
    instructions: str
    #: What the run was started with.
    input: str
    #: From 1: one more than the replies before.
    turn: int
    #: What became of the calls of the turn before, in their order.
    results: tuple[ToldResult, ...]
    messages: tuple[ToldMessage, ...]
    tool_names: tuple[str, ...]

    def result_of(self, tool_name: str) -> ToldResult | None:
        """What became of the last call of a tool in the whole run; None where it has none."""
        return next((one for one in reversed(_results(self.messages)) if one.tool_name == tool_name), None)


def told_model(request: ModelRequest) -> ToldModel:
    """A request as a test reads it."""
    messages = request.messages
    replies = [index for index, message in enumerate(messages) if message.role == "assistant"]
    return ToldModel(
        instructions=_first(messages, "system"),
        input=_first(messages, "user"),
        turn=len(replies) + 1,
        results=_results(messages, after=replies[-1]) if replies else (),
        messages=messages,
        tool_names=request.tool_names,
    )


def _first(messages: Sequence[ToldMessage], role: str) -> str:
    return next((message.text for message in messages if message.role == role), "")


def _results(messages: Sequence[ToldMessage], *, after: int = -1) -> tuple[ToldResult, ...]:
    names = {call.id: call.tool_name for message in messages for call in message.calls}
    return tuple(
        ToldResult(names.get(message.call_id, ""), message.text, _reading_of(message.text))
        for message in messages[after + 1 :]
        if message.role == "tool"
    )


def _reading_of(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        # Words of the server, or a tool that returned text.
        return text
