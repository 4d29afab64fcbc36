"""What the server says of a value that does not fit a JSON Schema."""

from __future__ import annotations

import functools
import json
import re
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
    return _DRAFT_07_SERVER(rules) if drafted else _DRAFT_2020_SERVER(rules)


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
    if error.validator in ("anyOf", "oneOf", "contains"):
        for part in error.context or ():
            yield from _faults(part)
    path = "".join(f"/{_escaped(step)}" for step in error.absolute_path)
    yield f"{path} {_message(error)}" if path else _message(error)


def _escaped(step: str | int) -> str:
    return str(step).replace("~", "~0").replace("/", "~1")


def _message(error: jsonschema.ValidationError) -> str:
    if error.validator is None:
        return "boolean schema is false"
    told = _WORDS.get(str(error.validator))
    return error.message if told is None else told(error.validator_value, error)


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


def _additional(validator: Any, wanted: Any, value: Any, schema: Any) -> Iterator[jsonschema.ValidationError]:
    """In the order of the value's members, and each of them told: the library has neither."""
    if not isinstance(value, dict):
        return
    patterns = list(schema.get("patternProperties", {}))
    known = schema.get("properties", {})
    for name, one in value.items():
        if name in known or any(re.search(pattern, name) for pattern in patterns):
            continue
        if wanted is False:
            yield jsonschema.ValidationError(f"must NOT have additional properties: {_quoted(name)}")
        else:
            yield from validator.descend(one, wanted, path=name)


def _unique(_: Any, wanted: Any, value: Any, schema: Any) -> Iterator[jsonschema.ValidationError]:
    """Tells which two elements are the same."""
    if not wanted or not isinstance(value, list):
        return
    texts = [json.dumps(one, sort_keys=True) for one in value]
    if len(set(texts)) == len(texts):
        return
    for at in reversed(range(len(texts))):
        if _of_plain_items(schema):
            # The first that was met before, from the end on.
            after = next((other for other in range(at + 1, len(texts)) if texts[other] == texts[at]), None)
            pair = None if after is None else (after, at)
        else:
            before = next((other for other in reversed(range(at)) if texts[other] == texts[at]), None)
            pair = None if before is None else (before, at)
        if pair is not None:
            same = f"items ## {pair[0]} and {pair[1]} are identical"
            yield jsonschema.ValidationError(f"must NOT have duplicate items ({same})")
            return


def _of_plain_items(schema: Any) -> bool:
    items = schema.get("items")
    kinds = items.get("type", []) if isinstance(items, dict) else []
    kinds = kinds if isinstance(kinds, list) else [kinds]
    return bool(kinds) and not {"object", "array"} & set(kinds)


def _contains(validator: Any, wanted: Any, value: Any, schema: Any) -> Iterator[jsonschema.ValidationError]:
    """With why each of the elements is none."""
    if not isinstance(value, list):
        return
    faults = [list(validator.descend(one, wanted, path=at)) for at, one in enumerate(value)]
    found, least, most = faults.count([]), schema.get("minContains", 1), schema.get("maxContains")
    if least <= found <= (found if most is None else most):
        return
    how = f"at least {least}" if most is None else f"at least {least} and no more than {most}"
    context = [fault for of_one in faults for fault in of_one]
    yield jsonschema.ValidationError(f"must contain {how} valid item(s)", context=context)


_KEYWORDS = {"additionalProperties": _additional, "contains": _contains, "uniqueItems": _unique}
_extend: Any = jsonschema.validators.extend
_DRAFT_07_SERVER = _extend(jsonschema.Draft7Validator, _KEYWORDS)
_DRAFT_2020_SERVER = _extend(jsonschema.Draft202012Validator, _KEYWORDS)
