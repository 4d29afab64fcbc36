"""What a tool's approval rule says of a call: as the server would have it, of rules in most of its language.

A rule is written in the Common Expression Language. Numbers of arguments are doubles: they compare with whole numbers,
and reckon with doubles only. What is not read here (uint, timestamps, durations, loops within loops, patterns beyond
the plain ones) is refused by a sentence, and never guessed.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

from agentspan.agents.testing.hidden_frames import of_the_library
from agentspan.agents.testing.kit_error import KitError
from agentspan.agents.testing.rule_parser import parse_rule
from agentspan.agents.testing.rule_steps import Evaluate, UnreadRuleError
from agentspan.agents.testing.rule_values import RuleError

__tracebackhide__ = of_the_library


@dataclass(frozen=True)
class RuleVerdict:
    """Whether a rule asks for people. Where it says neither true nor false, `problem` tells why, and it asks."""

    asks: bool
    problem: str | None = None


def rule_verdict(rule: str, args: dict[str, Any]) -> RuleVerdict:
    """Asks a rule about arguments, of a run without labels. Raises KitError where it cannot be read here."""
    try:
        said = _compiled(rule)({"args": _of_rules(args), "labels": {}})
    except UnreadRuleError as unread:
        remedy = "Let a kit run it, or give the tool approval_required in this test."
        raise KitError(f"mock_run() cannot tell what the rule {rule} says: {unread}. {remedy}") from None
    except RuleError as error:
        return RuleVerdict(True, str(error))
    return RuleVerdict(said) if isinstance(said, bool) else RuleVerdict(True, "it gives neither true nor false")


@functools.lru_cache(maxsize=256)
def _compiled(rule: str) -> Evaluate:
    return parse_rule(rule)


def _of_rules(value: Any) -> Any:
    """JSON as a rule sees it: each number is a double."""
    if isinstance(value, dict):
        return {key: _of_rules(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_of_rules(one) for one in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
