"""JSON text and back, where the text is the contract and the value only a reading of it."""

from __future__ import annotations

import json
from typing import Any

import pydantic_core

from agentspan.agents.errors import invalid


class JsonWritingError(ValueError):
    """A value has no JSON form."""


def write_json(value: object) -> str:
    """The JSON text of a value, dataclasses, pydantic's models, dates and the like among them; NaN as null.

    Raises JsonWritingError where it has none.
    """
    try:
        return pydantic_core.to_json(value, inf_nan_mode="null").decode("utf-8")
    except UnicodeEncodeError:
        # Half a character: JSON can escape it, and the server keeps it as U+FFFD.
        return json.dumps(value)
    except (ValueError, TypeError, RecursionError) as error:
        raise JsonWritingError(str(error)) from error


def write_exact_json(value: object) -> str:
    """The same for results and for what people are shown, where null in place of a number would be something else.

    Raises JsonWritingError also for NaN and the infinities.
    """
    text = write_json(value)
    try:
        constants = pydantic_core.to_json(value, inf_nan_mode="constants")
    except UnicodeEncodeError:
        constants = json.dumps(value).encode()
    json.loads(constants, parse_constant=_no_number)
    return text


def _no_number(constant: str) -> None:
    raise JsonWritingError(f"{constant} is a number that JSON does not have")


def to_json_text(value: object, field: str) -> str:
    """The same of what a caller hands in. Raises INVALID_REQUEST, naming the field."""
    try:
        return write_json(value)
    except JsonWritingError as error:
        raise invalid(f"{field} cannot be written as JSON: {error}", field, str(error)) from error


def read_json(text: str) -> Any:
    """Reads text that the server vouches for; None where it is empty."""
    return None if text == "" else json.loads(text)


def read_json_object(text: str) -> dict[str, Any]:
    """The same, where the contract says that it is an object; an empty one where the text is empty."""
    value = read_json(text)
    return value if isinstance(value, dict) else {}
