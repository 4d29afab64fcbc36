"""What a function's docstring says, for the model: a description, and one of each parameter.

Google's, NumPy's and Sphinx's ways of writing parameters are read. What is in none of them belongs to the description.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

_GOOGLE = re.compile(r"(Args|Arguments|Parameters|Params):\s*")
_GOOGLE_END = re.compile(r"(Returns?|Yields?|Raises|Examples?|Notes?|Attributes):\s*")
_GOOGLE_ITEM = re.compile(r"\*{0,2}(\w+)\s*(?:\([^)]*\))?:\s*(.*)")
_NUMPY_ITEM = re.compile(r"(\w+)\s*(?::.*)?")
_SPHINX_ITEM = re.compile(r":param\s+(?:[^:]*\s)?(\w+):\s*(.*)")
_SPHINX_OTHER = re.compile(r":(return|returns|rtype|raises|type)\b[^:]*:.*")


@dataclass
class Described:
    """A docstring in parts."""

    description: str = ""
    parameters: dict[str, str] = field(default_factory=dict)


def described(function: Callable[..., Any]) -> Described:
    """Reads the docstring of a function; what it has not is empty."""
    lines = (inspect.getdoc(function) or "").splitlines()
    found = Described()
    kept: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        following = lines[at + 1] if at + 1 < len(lines) else ""
        if _GOOGLE.fullmatch(line):
            at = _google(lines, at + 1, found)
        elif line.strip() == "Parameters" and re.fullmatch(r"-{3,}\s*", following):
            at = _numpy(lines, at + 2, found)
        elif match := _SPHINX_ITEM.fullmatch(line.strip()):
            at = _continued(lines, at + 1, found, match[1], [match[2]])
        elif _GOOGLE_END.fullmatch(line) or re.fullmatch(r"-{3,}\s*", following) or _SPHINX_OTHER.match(line.strip()):
            # What is returned and raised is no concern of the model's.
            break
        else:
            kept.append(line)
            at += 1
    found.description = "\n".join(kept).strip()
    return found


def _google(lines: list[str], at: int, found: Described) -> int:
    indent: int | None = None
    while at < len(lines):
        line = lines[at]
        if line.strip() == "":
            at += 1
            continue
        depth = _depth(line)
        if depth == 0 or (indent is not None and depth < indent):
            return at
        indent = depth if indent is None else indent
        match = _GOOGLE_ITEM.fullmatch(line.strip())
        if match is None:
            return at + 1
        at = _continued(lines, at + 1, found, match[1], [match[2]], deeper_than=indent)
    return at


def _numpy(lines: list[str], at: int, found: Described) -> int:
    while at < len(lines) and lines[at].strip() != "":
        match = _NUMPY_ITEM.fullmatch(lines[at])
        if match is None or (at + 1 < len(lines) and re.fullmatch(r"-{3,}\s*", lines[at + 1])):
            return at
        at = _continued(lines, at + 1, found, match[1], [])
    return at


def _continued(
    lines: list[str], at: int, found: Described, name: str, words: list[str], *, deeper_than: int = 0
) -> int:
    """Takes the lines that go on with what is said of a parameter."""
    while at < len(lines) and lines[at].strip() != "" and _depth(lines[at]) > deeper_than:
        words.append(lines[at].strip())
        at += 1
    found.parameters[name] = " ".join(word for word in words if word)
    return at


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())
