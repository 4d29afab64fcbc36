"""The steps that a rule is made of: each is a function of what its names stand for."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias

from agentspan.agents.testing import rule_values as values
from agentspan.agents.testing.rule_values import RuleError

Scope: TypeAlias = dict[str, Any]
Evaluate: TypeAlias = Callable[[Scope], Any]

# Patterns that mean the same in both libraries.
_PLAIN_PATTERN = re.compile(r"(?:[^\\(]|\\[dDwWsS.\\/\-+*?^$|(){}\[\]]|\((?!\?))*")


class UnreadRuleError(Exception):
    """A rule, or a part of one, that is not read here."""


def constant(value: Any) -> Evaluate:
    return lambda _: value


def boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise values.no_overload("of what is neither true nor false")
    return value


def minus(value: Any) -> Any:
    if not values.is_number(value):
        raise values.no_overload("-")
    return -value


def joined(one: Evaluate, other: Evaluate, *, decides: bool) -> Evaluate:
    """Of two the one that decides counts, also where the other one fails."""

    def asked(scope: Scope) -> bool:
        failed: RuleError | None = None
        for part in (one, other):
            try:
                if boolean(part(scope)) is decides:
                    return decides
            except RuleError as error:
                failed = failed or error
        if failed is not None:
            raise failed
        return not decides

    return asked


def related(sign: str, one: Evaluate, other: Evaluate) -> Evaluate:
    if sign == "in":
        return lambda scope: values.is_in(one(scope), other(scope))
    if sign in ("==", "!="):
        return lambda scope: values.equals(one(scope), other(scope)) is (sign == "==")
    return lambda scope: values.ordered(sign, one(scope), other(scope))


def reckoned(sign: str, one: Evaluate, other: Evaluate) -> Evaluate:
    return lambda scope: values.reckoned(sign, one(scope), other(scope))


def indexed(whole: Evaluate, key: Evaluate) -> Evaluate:
    return lambda scope: values.selected(whole(scope), key(scope))


def field(whole: Evaluate, name: str) -> Evaluate:
    return lambda scope: values.selected(whole(scope), name)


def has(value: Any, name: str) -> bool:
    return isinstance(value, dict) and name in value


def tested(name: str, target: Evaluate, part: Evaluate) -> Evaluate:
    if name == "matches":
        try:
            pattern = part({})
        except KeyError:
            raise UnreadRuleError("it matches a pattern that is not written in it") from None
        if not isinstance(pattern, str) or not _PLAIN_PATTERN.fullmatch(pattern):
            raise UnreadRuleError(f"it has the pattern {pattern}")
    return lambda scope: values.text_test(name, target(scope), part(scope))


def looped(macro: str, target: Evaluate, name: str, each: Evaluate) -> Evaluate:
    def asked(scope: Scope) -> bool:
        whole = target(scope)
        if not isinstance(whole, list | dict):
            raise values.no_overload(macro)
        if macro == "exists_one":
            return sum(boolean(each({**scope, name: one})) for one in whole) == 1
        decides = macro == "exists"
        failed: RuleError | None = None
        for one in whole:
            try:
                if boolean(each({**scope, name: one})) is decides:
                    return decides
            except RuleError as error:
                failed = failed or error
        if failed is not None:
            raise failed
        return not decides

    return asked
