"""Made-up runs go as the server's core has them: it wrote the vectors."""

from __future__ import annotations

from typing import Any

import pytest

from agentspan.agents.testing import KitError, expect, mock_run
from agentspan.agents.testing.approval_rule import rule_verdict
from tests.unit.mock_vectors import FILE, agent_of, expected_of, in_python, made_of, step_of, wanted_of, without_ids

_VECTORS: list[dict[str, Any]] = FILE["vectors"]


@pytest.mark.parametrize("vector", _VECTORS, ids=[vector["name"] for vector in _VECTORS])
def test_goes_as_on_the_server_or_is_refused_in_its_words(vector: dict[str, Any]) -> None:
    assert made_of(vector) == wanted_of(vector)


_TOLD = [vector for vector in _VECTORS if "failures" in vector]


@pytest.mark.parametrize("vector", _TOLD, ids=[vector["name"] for vector in _TOLD])
def test_says_the_same_of_what_does_not_hold(vector: dict[str, Any]) -> None:
    run = mock_run(agent_of(vector["agent"]), FILE["input"], events=[step_of(told) for told in vector["events"]])
    for failure in vector["failures"]:
        name, args = expected_of(failure["expected"])
        with pytest.raises((AssertionError, KitError)) as failed:
            getattr(expect(run), name)(*args)
        assert without_ids(str(failed.value)) == in_python(failure["says"])


_RULES: dict[str, Any] = FILE["rules"]
#: What the interpreter here cannot tell and the server's can: a person is asked then.
_UNTOLD = {"has(args.none.name)", "has(args.amount.name)", "has(args.tags.name)", "bool('true')"}


@pytest.mark.parametrize("verdict", _RULES["verdicts"], ids=[verdict["rule"] for verdict in _RULES["verdicts"]])
def test_a_rule_says_what_it_says_on_the_server(verdict: dict[str, Any]) -> None:
    said = rule_verdict(verdict["rule"], _RULES["args"])
    if verdict["rule"] in _UNTOLD:
        assert said.asks
        assert said.problem
        return
    assert (said.asks, said.problem is not None) == (verdict["asks"], verdict.get("fails", False))


def test_the_vectors_are_many() -> None:
    assert len(_VECTORS) >= 40
