"""The one reading of a JSON text that a person may approve: strict in, RFC 8785 out.

What a person is shown, what is hashed and what a tool gets must be one text with one meaning. So whatever two readers
could understand differently is refused, with words that tell the writer (mostly a model) what to do.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, NoReturn

JsonProblemCode = Literal[
    "INVALID_JSON",
    "NOT_AN_OBJECT",
    "DUPLICATE_KEY",
    "LONE_SURROGATE",
    "NUL_CHARACTER",
    "NUMBER_NOT_EXACT",
    "TOO_DEEP",
]

MAX_JSON_DEPTH = 64
"""How many objects and arrays may lie inside each other."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_UNFIT = re.compile("[\ud800-\udfff\x00-\x1f\x7f-\x9f]")
_SHOWN_CHARS = 80


class JsonProblemError(ValueError):
    """Why a text was refused; the code is stable, unlike the words."""

    def __init__(self, code: JsonProblemCode, problem: str) -> None:
        # The problem quotes the text that it refuses, and must not carry on what was refused.
        super().__init__(_UNFIT.sub("\ufffd", problem))
        self.code: JsonProblemCode = code


@dataclass(frozen=True)
class CanonicalJson:
    """A text that was read strictly."""

    #: RFC 8785: the only copy that is stored, shown, hashed, sent and executed.
    text: str
    #: Of that text: see digest_of.
    digest: str
    #: What the text says.
    value: Any


def digest_of(text: str) -> str:
    """ "sha256:" and the SHA-256 of the text's UTF-8, in lowercase hexadecimal."""
    return f"sha256:{hashlib.sha256(text.encode('utf-8')).hexdigest()}"


def canonical_json(text: str) -> CanonicalJson:
    """Reads any one JSON value strictly. Raises JsonProblemError."""
    try:
        parsed = json.loads(
            text,
            object_pairs_hook=_Pairs,
            parse_int=_Number,
            parse_float=_Number,
            parse_constant=_refuse_constant,
        )
    except RecursionError:
        raise _too_deep() from None
    except JsonProblemError:
        raise
    except ValueError as error:
        raise JsonProblemError("INVALID_JSON", f"This is not valid JSON: {error}.") from None
    written = _Writer().write(parsed)
    return CanonicalJson(written, digest_of(written), json.loads(written))


def canonical_arguments(text: str) -> CanonicalJson:
    """The same for the arguments of a tool call: one JSON object. A blank text is `{}`. Raises JsonProblemError."""
    read = canonical_json(text if text.strip(" \t\n\r") else "{}")
    if not isinstance(read.value, dict):
        raise JsonProblemError("NOT_AN_OBJECT", 'Arguments must be one JSON object, such as {} or {"id": "a1"}.')
    return read


def canonicalize(value: object) -> str:
    """The RFC 8785 text of a value that a program made: of None, bool, int, float, str, list and dict."""
    return _Writer().write(value)


class _Pairs(list[tuple[str, Any]]):
    """An object as it was written, each key as often as it stands there."""


class _Number(str):
    """A number as it was written."""

    __slots__ = ()


def _refuse_constant(name: str) -> NoReturn:
    raise JsonProblemError("INVALID_JSON", f"This is not valid JSON: {name} is no JSON value.")


def _too_deep() -> JsonProblemError:
    return JsonProblemError("TOO_DEEP", f"The value nests more than {MAX_JSON_DEPTH} levels deep. Send it flatter.")


class _Writer:
    """Writes the canonical text, and knows where it is."""

    def __init__(self) -> None:
        self._at: list[str | int] = []

    def write(self, value: object) -> str:
        if value is None:
            return "null"
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, _Number):
            return self._number(value)
        if isinstance(value, str):
            self._check(value, "The string")
            return json.dumps(value, ensure_ascii=False)
        if isinstance(value, int | float):
            return self._number(repr(value))
        if isinstance(value, _Pairs):
            return self._object(value)
        if isinstance(value, dict):
            return self._object(list(value.items()))
        if isinstance(value, list | tuple):
            return self._array(list(value))
        raise TypeError(f"A {type(value).__name__} has no JSON form.")

    def _object(self, pairs: list[tuple[str, Any]]) -> str:
        self._enter()
        written: dict[str, str] = {}
        for key, value in pairs:
            self._check(key, "A key")
            if key in written:
                problem = f"The key {json.dumps(_shortened(key), ensure_ascii=False)}{self._place()} is there twice."
                raise JsonProblemError("DUPLICATE_KEY", f"{problem} Write each key once.")
            self._at.append(key)
            written[key] = self.write(value)
            self._at.pop()
        # By UTF-16 code units, as JavaScript compares texts; code points would put an emoji behind U+FB33.
        keys = sorted(written, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join(f"{json.dumps(key, ensure_ascii=False)}:{written[key]}" for key in keys) + "}"

    def _array(self, values: list[Any]) -> str:
        self._enter()
        written = []
        for index, value in enumerate(values):
            self._at.append(index)
            written.append(self.write(value))
            self._at.pop()
        return f"[{','.join(written)}]"

    def _enter(self) -> None:
        if len(self._at) >= MAX_JSON_DEPTH:
            raise _too_deep()

    def _check(self, text: str, what: str) -> None:
        if _SURROGATE.search(text):
            problem = f"{what}{self._place()} has half of a surrogate pair, which is no character. Leave it out."
            raise JsonProblemError("LONE_SURROGATE", problem)
        if "\0" in text:
            problem = f"{what}{self._place()} has the character U+0000, which is not allowed. Leave it out."
            raise JsonProblemError("NUL_CHARACTER", problem)

    def _number(self, written: str) -> str:
        double = float(written)
        text = _ecmascript(double)
        if text is None or not _same(written, double):
            number = f"The number {_shortened(written)}{self._place()}"
            remedy = "Write it as a string: the same digits between double quotes."
            problem = f"{number} cannot be kept exactly: it would become {double}. {remedy}"
            raise JsonProblemError("NUMBER_NOT_EXACT", problem)
        return text

    def _place(self) -> str:
        return f" at {_shortened(''.join(f'/{step}' for step in self._at))}" if self._at else ""


def _same(written: str, double: float) -> bool:
    """Whether the nearest double in its shortest form denotes the decimal value that was written."""
    if double == 0:
        # A Decimal takes no exponent of any size; what became zero was zero only where it has no other digit.
        return not written.lower().split("e")[0].strip("-+.0")
    return Decimal(written) == Decimal(repr(double))


def _ecmascript(double: float) -> str | None:
    """A double as ECMAScript writes it, which RFC 8785 asks for; None where it is no number of JSON."""
    if double == 0:
        return "0"
    if not math.isfinite(double):
        return None
    negative, numerals, exponent = Decimal(repr(double)).as_tuple()
    if not isinstance(exponent, int):
        return None
    digits = "".join(map(str, numerals)).rstrip("0")
    # Where the decimal point stands, counted from before the first digit.
    point = len(numerals) + exponent
    sign = "-" if negative else ""
    if len(digits) <= point <= 21:
        return f"{sign}{digits}{'0' * (point - len(digits))}"
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    rest = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{rest}e{point - 1:+d}"


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARS else f"{text[: _SHOWN_CHARS - 3]}..."
