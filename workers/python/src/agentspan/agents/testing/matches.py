"""Whether a value is what a test wrote down."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any


def matches(expected: Any, value: Any) -> bool:
    """Deep equality, as of JSON values.

    In what is expected a compiled regex stands for texts that it is found in, a type for its instances, a function of
    one value for those of which it is true, and whatever has an equality of its own (`pytest.approx`, `mock.ANY`) for
    what it equals.
    """
    if isinstance(expected, re.Pattern):
        return isinstance(value, str) and expected.search(value) is not None
    if isinstance(expected, type):
        return isinstance(value, expected)
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
        return bool(expected(value))
    # To Python True is 1; to JSON, and to a tool, it is not.
    if isinstance(expected, int | float) and isinstance(expected, bool) != isinstance(value, bool):
        return False
    return bool(expected == value)


def matches_fields(expected: Mapping[str, Any], value: Any) -> bool:
    """The same, for some fields of an object: others are not looked at."""
    missing = object()
    found = ((one, getattr(value, name, missing)) for name, one in expected.items())
    return all(field is not missing and matches(one, field) for one, field in found)


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
