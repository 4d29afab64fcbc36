"""What the server says of a value that does not fit a JSON Schema."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema

_MOST_FAULTS = 20
_DRAFT_07 = ("http://json-schema.org/draft-07/schema", "https://json-schema.org/draft-07/schema")


def schema_problems(schema: str, value: Any) -> str:
    """What keeps a value from satisfying a schema, in the server's words; empty where it does."""
    faults = [fault for error in _validator(schema).iter_errors(value) for fault in _faults(error)]
    return "; ".join(faults[:_MOST_FAULTS])


@functools.lru_cache(maxsize=256)
def _validator(schema: str) -> Any:
    rules = _ordered(json.loads(schema))
    drafted = str(rules.get("$schema", "")).rstrip("#") in _DRAFT_07
    return jsonschema.Draft7Validator(rules) if drafted else jsonschema.Draft202012Validator(rules)


# As the server's checker takes them: what is wrong first is told first.
_ORDER = (
    *("$ref", "type", "maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum", "multipleOf"),
    *("maxLength", "minLength", "pattern", "const", "enum", "not", "anyOf", "oneOf", "allOf", "if"),
    *("maxItems", "minItems", "uniqueItems", "prefixItems", "items", "contains"),
    *("maxProperties", "minProperties", "required", "dependentRequired", "propertyNames"),
    *("additionalProperties", "properties"),
)
_OF_NAMES = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")


def _ordered(rules: Any) -> Any:
    if isinstance(rules, list):
        return [_ordered(one) for one in rules]
    if not isinstance(rules, dict):
        return rules
    keys = sorted(rules, key=lambda key: (_ORDER.index(key) if key in _ORDER else len(_ORDER), key))
    return {key: _of_keyword(key, rules[key]) for key in keys}


def _of_keyword(key: str, value: Any) -> Any:
    if key in ("const", "enum", "default", "examples", "required", "type"):
        return value
    if key in _OF_NAMES and isinstance(value, dict):
        return {name: _ordered(value[name]) for name in sorted(value)}
    return _ordered(value)


def _faults(error: jsonschema.ValidationError) -> Iterator[str]:
    # Of a choice the server says first why each of its parts does not fit.
    if error.validator in ("anyOf", "oneOf"):
        for part in error.context or ():
            yield from _faults(part)
    path = "".join(f"/{_escaped(step)}" for step in error.absolute_path)
    for message in _messages(error):
        yield f"{path} {message}" if path else message


def _escaped(step: str | int) -> str:
    return str(step).replace("~", "~0").replace("/", "~1")


def _messages(error: jsonschema.ValidationError) -> list[str]:
    word = str(error.validator)
    wanted: Any = error.validator_value
    if word == "additionalProperties" and wanted is False and isinstance(error.instance, dict):
        schema: Any = error.schema
        known = schema.get("properties", {})
        return [f"must NOT have additional properties: {_quoted(name)}" for name in error.instance if name not in known]
    told = _WORDS.get(word)
    return [error.message if told is None else told(wanted, error)]


_Told = Callable[[Any, jsonschema.ValidationError], str]


def _missing(_: Any, error: jsonschema.ValidationError) -> str:
    # One error for each name, which only its words tell.
    names = [name for name in error.validator_value if error.message.startswith(repr(name))]  # type: ignore[union-attr]
    return f"must have required property '{names[0] if names else ''}'"


def _counted(what: str, of: str) -> _Told:
    return lambda wanted, _: f"must NOT have {what} than {wanted} {of}"


def _compared(sign: str) -> _Told:
    return lambda wanted, _: f"must be {sign} {wanted}"


_WORDS: dict[str, _Told] = {
    "required": _missing,
    "type": lambda wanted, _: f"must be {','.join(wanted) if isinstance(wanted, list) else wanted}",
    "enum": lambda wanted, _: f"must be equal to one of the allowed values: {_quoted(wanted)}",
    "const": lambda wanted, _: f"must be equal to constant: {_quoted(wanted)}",
    "minimum": _compared(">="),
    "maximum": _compared("<="),
    "exclusiveMinimum": _compared(">"),
    "exclusiveMaximum": _compared("<"),
    "multipleOf": lambda wanted, _: f"must be multiple of {wanted}",
    "minLength": _counted("fewer", "characters"),
    "maxLength": _counted("more", "characters"),
    "minItems": _counted("fewer", "items"),
    "maxItems": _counted("more", "items"),
    "minProperties": _counted("fewer", "properties"),
    "maxProperties": _counted("more", "properties"),
    "pattern": lambda wanted, _: f'must match pattern "{wanted}"',
    "anyOf": lambda *_: "must match a schema in anyOf",
    "oneOf": lambda *_: "must match exactly one schema in oneOf",
    "not": lambda *_: "must NOT be valid",
}


def _quoted(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text if len(text) <= 200 else f"{text[:197]}..."
