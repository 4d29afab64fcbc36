"""What a tool's approval rule says of a call, as the server would have it.

A rule is written in the Common Expression Language, which `agentspan[testing]` brings. Numbers of arguments are
doubles: they compare with whole numbers, and reckon with doubles only.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agentspan.agents.testing.hidden_frames import of_the_library
from agentspan.agents.testing.kit_error import KitError

if TYPE_CHECKING:
    import cel

__tracebackhide__ = of_the_library


_LOOP = re.compile(r"\.\s*(?:all|exists|exists_one|map|filter)\s*\(")


@dataclass(frozen=True)
class RuleVerdict:
    """Whether a rule asks for people. Where it says neither true nor false, `problem` tells why, and it asks."""

    asks: bool
    problem: str | None = None


def rule_verdict(rule: str, args: dict[str, Any]) -> RuleVerdict:
    """Asks a rule about arguments, of a run without labels. Raises KitError where it cannot be read."""
    program = _compiled(rule)
    try:
        said = program.execute({"args": _of_rules(args), "labels": {}})
    # Whatever a rule throws, a person is asked.
    except Exception as error:  # noqa: BLE001
        return RuleVerdict(True, _first_line(error))
    return RuleVerdict(said) if isinstance(said, bool) else RuleVerdict(True, "it gives neither true nor false")


@functools.lru_cache(maxsize=256)
def _compiled(rule: str) -> cel.Program:
    try:
        import cel
    except ImportError:
        remedy = "pip install 'agentspan[testing]'"
        raise KitError(f"To tell what the rule {rule} says, mock_run() needs an interpreter of it: {remedy}") from None
    # A server asks people where a rule is too much work, as a loop within a loop may be.
    if len(_LOOP.findall(rule)) > 1:
        remedy = "Let a kit run it, or give the tool approval_required in this test."
        raise KitError(f"mock_run() cannot tell what the rule {rule} says: it has several loops. {remedy}")
    try:
        return cel.compile(rule)
    except ValueError as error:
        raise KitError(f"The rule {rule} cannot be read: {_first_line(error)}") from None


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0]


def _of_rules(value: Any) -> Any:
    """JSON as a rule sees it: each number is a double."""
    if isinstance(value, dict):
        return {key: _of_rules(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_of_rules(one) for one in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
