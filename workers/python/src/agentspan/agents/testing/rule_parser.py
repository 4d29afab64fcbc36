"""Reads the text of a rule, and gives the function that asks it."""

from __future__ import annotations

import ast
import re

from agentspan.agents.testing import rule_steps as steps
from agentspan.agents.testing import rule_values as values
from agentspan.agents.testing.rule_steps import Evaluate, UnreadRuleError

_BLANK = re.compile(r"(?:\s+|//[^\n]*\n)*")
_TOKEN = re.compile(
    r"""
      (?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
    | (?P<double>\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)
    | (?P<int>0x[0-9a-fA-F]+|\d+)
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<sign>&&|\|\||==|!=|<=|>=|[-+*/%<>!?:.,()\[\]{}])
    """,
    re.VERBOSE,
)
_ESCAPES = re.compile(r"\\(?![nrtabfv\\'\"]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})")
_RELATIONS = ("==", "!=", "<", "<=", ">", ">=", "in")
_TEXT_TESTS = ("contains", "startsWith", "endsWith", "matches")
_NAMES = ("args", "labels")
_MACROS = ("all", "exists", "exists_one")


def parse_rule(rule: str) -> Evaluate:
    """Raises UnreadRuleError."""
    return _Parser(_tokens(rule)).whole()


def _tokens(rule: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while (at := _end_of(_BLANK.match(rule, at), at)) < len(rule):
        match = _TOKEN.match(rule, at)
        if match is None:
            raise UnreadRuleError(f"it has {rule[at : at + 20]} in it")
        found.append((str(match.lastgroup), match[0]))
        at = match.end()
    return found


def _end_of(match: re.Match[str] | None, at: int) -> int:
    return at if match is None else match.end()


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0
        self._names = [*_NAMES]

    def whole(self) -> Evaluate:
        made = self._choice()
        if self._at < len(self._tokens):
            raise UnreadRuleError(f"{self._tokens[self._at][1]} cannot stand there")
        return made

    def _take(self, *signs: str) -> str | None:
        kind, text = self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")
        if kind in ("sign", "name") and text in signs:
            self._at += 1
            return text
        return None

    def _need(self, sign: str) -> None:
        if self._take(sign) is None:
            raise UnreadRuleError(f"it has no {sign} where one must be")

    def _choice(self) -> Evaluate:
        made = self._any()
        if self._take("?") is None:
            return made
        one = self._any()
        self._need(":")
        other = self._choice()
        return lambda scope: one(scope) if steps.boolean(made(scope)) else other(scope)

    def _any(self) -> Evaluate:
        made = self._all()
        while self._take("||"):
            made = steps.joined(made, self._all(), decides=True)
        return made

    def _all(self) -> Evaluate:
        made = self._relation()
        while self._take("&&"):
            made = steps.joined(made, self._relation(), decides=False)
        return made

    def _relation(self) -> Evaluate:
        made = self._sum()
        while sign := self._take(*_RELATIONS):
            made = steps.related(sign, made, self._sum())
        return made

    def _sum(self) -> Evaluate:
        made = self._product()
        while sign := self._take("+", "-"):
            made = steps.reckoned(sign, made, self._product())
        return made

    def _product(self) -> Evaluate:
        made = self._signed()
        while sign := self._take("*", "/", "%"):
            made = steps.reckoned(sign, made, self._signed())
        return made

    def _signed(self) -> Evaluate:
        if self._take("!"):
            negated = self._signed()
            return lambda scope: not steps.boolean(negated(scope))
        if self._take("-"):
            opposite = self._signed()
            return lambda scope: steps.minus(opposite(scope))
        return self._member()

    def _member(self) -> Evaluate:
        made = self._primary()
        while True:
            if self._take("["):
                made = steps.indexed(made, self._choice())
                self._need("]")
            elif self._take("."):
                name = self._name()
                made = self._called(made, name) if self._take("(") else steps.field(made, name)
            else:
                return made

    def _called(self, target: Evaluate, name: str) -> Evaluate:
        if name in _MACROS:
            return self._loop(target, name)
        args = self._list(")")
        if name == "size" and not args:
            return lambda scope: values.size(target(scope))
        if name in _TEXT_TESTS and len(args) == 1:
            return steps.tested(name, target, args[0])
        raise UnreadRuleError(f"it calls {name}")

    def _loop(self, target: Evaluate, macro: str) -> Evaluate:
        if len(self._names) > len(_NAMES):
            # How much work that is, which the server reckons, is not reckoned here.
            raise UnreadRuleError("it goes through a list within another")
        name = self._name()
        self._need(",")
        self._names.append(name)
        each = self._choice()
        self._names.pop()
        self._need(")")
        return steps.looped(macro, target, name, each)

    def _list(self, end: str) -> list[Evaluate]:
        made: list[Evaluate] = []
        while self._take(end) is None:
            if made:
                self._need(",")
            made.append(self._choice())
        return made

    def _name(self) -> str:
        kind, text = self._tokens[self._at] if self._at < len(self._tokens) else ("end", "its end")
        if kind != "name":
            raise UnreadRuleError(f"{text} cannot stand there")
        self._at += 1
        return text

    def _primary(self) -> Evaluate:
        if self._at >= len(self._tokens):
            raise UnreadRuleError("it ends too early")
        kind, text = self._tokens[self._at]
        self._at += 1
        if kind == "text":
            return steps.constant(_unquoted(text))
        if kind == "double":
            return steps.constant(float(text))
        if kind == "int":
            return steps.constant(int(text, 0) if text.startswith("0x") else int(text))
        if text == "(":
            made = self._choice()
            self._need(")")
            return made
        if text == "[":
            elements = self._list("]")
            return lambda scope: [element(scope) for element in elements]
        if kind == "name":
            return self._named(text)
        raise UnreadRuleError(f"{text} cannot stand there")

    def _named(self, name: str) -> Evaluate:
        if name in ("true", "false", "null"):
            return steps.constant({"true": True, "false": False, "null": None}[name])
        if self._take("("):
            return self._function(name)
        if name not in self._names:
            raise UnreadRuleError(f"it names {name}, and there are args and labels")
        return lambda scope: scope[name]

    def _function(self, name: str) -> Evaluate:
        if name == "has":
            return self._has_path()
        args = self._list(")")
        if len(args) == 1 and name == "size":
            (sized,) = args
            return lambda scope: values.size(sized(scope))
        if len(args) == 1 and name in ("int", "double", "string", "bool", "dyn"):
            (given,) = args
            return lambda scope: values.converted(name, given(scope))
        raise UnreadRuleError(f"it calls {name}")

    def _has_path(self) -> Evaluate:
        """The last step of a path is only looked for."""
        begins = self._at
        self._member()
        if self._tokens[self._at - 1][0] != "name" or self._tokens[self._at - 2][1] != ".":
            raise UnreadRuleError("its has() takes a path such as args.amount")
        name = self._tokens[self._at - 1][1]
        inner = _Parser(self._tokens[begins : self._at - 2])
        inner._names = self._names
        operand = inner.whole()
        self._need(")")
        return lambda scope: steps.has(operand(scope), name)


def _unquoted(text: str) -> str:
    if _ESCAPES.search(text):
        raise UnreadRuleError(f"it has the text {text}")
    return str(ast.literal_eval(text))
