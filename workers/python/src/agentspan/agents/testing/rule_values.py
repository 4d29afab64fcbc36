"""What rules do with values: whole numbers are int, those of arguments float."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any


class RuleError(Exception):
    """A rule says neither true nor false."""


def equals(one: Any, other: Any) -> bool:
    """Values of other kinds are other values; numbers are the same whatever they are written as."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(equals(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equals(one[key], other[key]) for key in one)
    return bool(one == other)


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def ordered(sign: str, one: Any, other: Any) -> bool:
    """Raises RuleError where the two have no order."""
    alike = any(isinstance(one, kind) and isinstance(other, kind) for kind in (str, bool))
    if not alike and not (is_number(one) and is_number(other)):
        raise no_overload(sign)
    compare: Callable[[Any, Any], Any] = _ORDERS[sign]
    return bool(compare(one, other))


_ORDERS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def reckoned(sign: str, one: Any, other: Any) -> Any:
    """Raises RuleError where the two cannot be reckoned with: a double and a whole number among others."""
    if sign == "+" and any(isinstance(one, kind) and isinstance(other, kind) for kind in (str, list)):
        return one + other
    if not (is_number(one) and is_number(other)) or type(one) is not type(other):
        raise no_overload(sign)
    if sign in "+-*":
        made = {"+": operator.add, "-": operator.sub, "*": operator.mul}[sign](one, other)
        return _whole(made) if isinstance(made, int) else made
    if isinstance(one, float):
        if sign == "%":
            raise no_overload(sign)
        return _divided(one, other)
    if other == 0:
        raise RuleError("division by zero" if sign == "/" else "modulus by zero")
    # Towards zero, as in most languages but Python.
    quotient = abs(one) // abs(other) * (1 if (one < 0) == (other < 0) else -1)
    return _whole(quotient) if sign == "/" else one - other * quotient


def _divided(one: float, other: float) -> float:
    if other != 0:
        return one / other
    return float("nan") if one == 0 or one != one else float("inf") if one > 0 else float("-inf")


def _whole(number: int) -> int:
    if not -(2**63) <= number < 2**63:
        raise RuleError("integer overflow")
    return number


def selected(value: Any, key: Any) -> Any:
    """A member of an object, or an element of a list. Raises RuleError where there is none."""
    if isinstance(value, dict):
        for name, one in value.items():
            if equals(name, key):
                return one
        raise RuleError(f"field not found: {key}")
    if isinstance(value, list) and is_number(key) and float(key).is_integer():
        if 0 <= key < len(value):
            return value[int(key)]
        raise RuleError(f"index {key} out of bounds")
    raise no_overload("_[_]")


def is_in(one: Any, whole: Any) -> bool:
    if not isinstance(whole, list | dict):
        raise no_overload("in")
    return any(equals(one, other) for other in whole)


def size(value: Any) -> int:
    if not isinstance(value, str | list | dict):
        raise no_overload("size")
    return len(value)


def text_test(name: str, text: Any, part: Any) -> bool:
    if not isinstance(text, str) or not isinstance(part, str):
        raise no_overload(name)
    tests: dict[str, Callable[[str, str], bool]] = {
        "contains": lambda text, part: part in text,
        "startsWith": str.startswith,
        "endsWith": str.endswith,
        "matches": lambda text, part: re.search(part, text, re.ASCII) is not None,
    }
    return tests[name](text, part)


def converted(name: str, value: Any) -> Any:
    """Raises RuleError where a value has no such form."""
    if name == "dyn":
        return value
    try:
        return _CONVERSIONS[name](value)
    except (ValueError, OverflowError):
        raise RuleError(f"{value} is no {name}") from None


def _to_int(value: Any) -> int:
    if isinstance(value, str) and not re.fullmatch(r"[+-]?\d+", value, re.ASCII):
        raise ValueError(value)
    if not is_number(value) and not isinstance(value, str):
        raise no_overload("int")
    return _whole(int(value))


def _to_double(value: Any) -> float:
    if not is_number(value) and not isinstance(value, str):
        raise no_overload("double")
    return float(value)


def _to_string(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e21 else repr(value)
    if not isinstance(value, int | str):
        raise no_overload("string")
    return str(value)


def _to_bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if not isinstance(value, str):
        raise no_overload("bool")
    if value in ("true", "True", "TRUE", "t", "1"):
        return True
    if value in ("false", "False", "FALSE", "f", "0"):
        return False
    raise ValueError(value)


_CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "int": _to_int,
    "double": _to_double,
    "string": _to_string,
    "bool": _to_bool,
}


def no_overload(name: str) -> RuleError:
    return RuleError(f"no such overload: {name}")
