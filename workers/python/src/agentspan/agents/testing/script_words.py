"""What scripts of tests may hold: told where it is written, and not after a run has met it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from agentspan.agents.agent_tool import AgentTool
from agentspan.agents.approval_policy import require_options
from agentspan.agents.errors import AgentspanError
from agentspan.agents.human_tool import HumanTool
from agentspan.agents.json_text import JsonWritingError, write_exact_json
from agentspan.agents.testing.kit_error import KitError
from agentspan.agents.tool import Tool


def script_json(value: object, what: str) -> str:
    """The JSON text of a value. Raises KitError where there is none that a server would take."""
    try:
        # JSON could escape half a character, and no server keeps it.
        _require_whole(value, what)
        return write_exact_json(value)
    except (JsonWritingError, RecursionError) as error:
        raise KitError(f"{what} cannot be written as JSON: {error}.") from error


def script_args(args: object, what: str) -> str:
    """The same of a call's arguments, by their names."""
    if not isinstance(args, Mapping):
        raise KitError(f'{what} are {args!r}: write a dict, such as {{"order_id": "ORD-8821"}}.')
    return script_json(dict(args), what)


def script_text(text: object, what: str) -> str:
    """Text. Raises KitError where it is none, or none that UTF-8 has."""
    if not isinstance(text, str):
        raise KitError(f"{what} is {text!r}: write text.")
    _require_whole(text, what)
    return text


def name_of_tool(name: object, what: str) -> str:
    """The name of a tool. Raises KitError where something else names it, the tool itself for one."""
    if isinstance(name, str):
        return name
    own = name.name if isinstance(name, Tool | HumanTool | AgentTool) else "process_refund"
    raise KitError(f"{what} cannot name a tool by {name!r}: write its name, such as {json.dumps(own)}.")


def by_tool(script: object, what: str, example: str) -> dict[str, Any]:
    """A part of a script that is written down by tools. Raises KitError where it is not."""
    if not isinstance(script, Mapping):
        raise KitError(f"{what} are {script!r}: write them by the names of tools, as {example}.")
    return {name_of_tool(tool, what): told for tool, told in script.items()}


def is_itself(value: object, makers: Iterable[Callable[..., Any]]) -> str | None:
    """The name of what is written without its parentheses."""
    return next((maker.__name__ for maker in makers if value is maker), None)


def require_known(options: Mapping[str, Any], known: Iterable[str]) -> None:
    """Raises KitError for an option of a kit that there is not."""
    try:
        require_options(options, "A kit", {"model": object, **dict.fromkeys(known, object)})
    except AgentspanError as error:
        raise KitError(error.message) from None


def _require_whole(value: object, what: str) -> None:
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise KitError(f"{what} cannot be sent: half a character is in it, at {error.start}.") from None
    elif isinstance(value, Mapping):
        for key, one in value.items():
            _require_whole(key, what)
            _require_whole(one, what)
    elif isinstance(value, list | tuple):
        for one in value:
            _require_whole(one, what)
