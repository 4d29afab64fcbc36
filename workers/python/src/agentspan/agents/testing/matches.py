"""Whether a value is what a test wrote down."""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_origin

from pydantic import BaseModel

from agentspan.agents.json_text import write_json
from agentspan.agents.testing.hidden_frames import of_the_library
from agentspan.agents.testing.kit_error import KitError

__tracebackhide__ = of_the_library


def matches(expected: Any, value: Any) -> bool:
    """Deep equality, as of JSON values.

    In what is expected a compiled regex stands for texts that it is found in, a type for its instances, a function of
    one value for those of which it is true, a pydantic model or a dataclass for its JSON, and whatever has an equality
    of its own (`pytest.approx`, `mock.ANY`) for what it equals.
    """
    if isinstance(expected, re.Pattern):
        return isinstance(value, str) and expected.search(value) is not None
    if isinstance(value, Mapping) and (isinstance(expected, BaseModel) or _is_of_dataclass(expected)):
        # As it is written as JSON.
        return matches(json.loads(write_json(expected)), value)
    if expected is Any or get_origin(expected) is not None:
        raise KitError(
            f"{expected!r} cannot be expected of a value: write a class, such as list, a function that says whether a "
            "value is right, or unittest.mock.ANY."
        )
    if isinstance(expected, type):
        # To Python True is an int; to JSON, and to a tool, it is not.
        return isinstance(value, expected) and (expected is not int or not isinstance(value, bool))
    if isinstance(expected, Mapping):
        if dataclasses.is_dataclass(value):
            return matches_fields(expected, value)
        if not isinstance(value, Mapping) or expected.keys() != value.keys():
            return False
        return all(matches(one, value[key]) for key, one in expected.items())
    if isinstance(expected, list | tuple):
        if not isinstance(value, list | tuple) or len(value) != len(expected):
            return False
        return all(matches(one, other) for one, other in zip(expected, value, strict=True))
    if callable(expected):
        return is_true(expected, value)
    # To Python True is 1; to JSON, and to a tool, it is not.
    if isinstance(expected, int | float) and isinstance(expected, bool) != isinstance(value, bool):
        return False
    return bool(expected == value)


def _is_of_dataclass(expected: object) -> bool:
    return dataclasses.is_dataclass(expected) and not isinstance(expected, type)


def matches_fields(expected: Mapping[str, Any], value: Any) -> bool:
    """The same, for some fields of an object: others are not looked at."""
    missing = object()
    found = ((one, getattr(value, name, missing)) for name, one in expected.items())
    return all(field is not missing and matches(one, field) for one, field in found)


def matches_partly(expected: Any, value: Any) -> bool:
    """Whether objects are what they would be if all that is not written down were left out: at any depth."""
    if not isinstance(expected, Mapping) or not isinstance(value, Mapping):
        return matches(expected, value)
    return all(key in value and matches_partly(one, value[key]) for key, one in expected.items())


def is_true(says: Callable[[Any], object], value: Any) -> bool:
    """Whether a function of a test is true of a value. Raises KitError where it is async, and says nothing yet."""
    said = says(value)
    if inspect.isawaitable(said):
        if inspect.iscoroutine(said):
            said.close()
        raise KitError("A function that is expected of a value says true or false at once; this one gave a coroutine.")
    return bool(said)


def expected_text(expected: Any) -> str:
    """What is expected, on one line."""
    if callable(expected) and not isinstance(expected, type):
        return f"what {_name_of(expected)} says"
    return _text(expected)


def _text(expected: Any) -> str:
    if isinstance(expected, Mapping):
        return "{" + ",".join(f"{_text(key)}:{_text(one)}" for key, one in expected.items()) + "}"
    if isinstance(expected, list | tuple):
        return f"[{','.join(map(_text, expected))}]"
    if isinstance(expected, re.Pattern):
        return f"/{expected.pattern}/"
    if isinstance(expected, type):
        return expected.__name__
    if callable(expected):
        return "(a function)"
    try:
        return json.dumps(expected, ensure_ascii=False)
    except (TypeError, ValueError):
        return repr(expected)


def _name_of(function: Any) -> str:
    name = getattr(function, "__name__", "<lambda>")
    return "a function" if name == "<lambda>" else str(name)


def is_within(parts: Sequence[Any], whole: Sequence[Any], fit: Any) -> bool:
    """Whether the parts come in their order, whatever is between them."""
    at = 0
    for one in whole:
        if at < len(parts) and fit(parts[at], one):
            at += 1
    return at == len(parts)
