"""Made-up runs go as the server's core has them: it wrote the vectors."""

from __future__ import annotations

from typing import Any

import pytest

from agentspan.agents.testing import KitError, expect, mock_run
from agentspan.agents.testing.approval_rule import rule_verdict
from tests.unit.mock_vectors import (
    FILE,
    agent_of,
    expected_of,
    in_python,
    plain,
    step_of,
    without_ids,
    without_rule_words,
)

_VECTORS: list[dict[str, Any]] = FILE["vectors"]


def _runs(name: str) -> pytest.MarkDecorator:
    found = [vector for vector in _VECTORS if name in vector]
    return pytest.mark.parametrize("vector", found, ids=[vector["name"] for vector in found])


@_runs("run")
def test_goes_as_on_the_server(vector: dict[str, Any]) -> None:
    run = mock_run(agent_of(vector["agent"]), FILE["input"], events=[step_of(told) for told in vector["events"]])
    assert without_rule_words(plain(run)) == without_rule_words(vector["run"])


@_runs("refused")
def test_refuses_what_the_server_refuses(vector: dict[str, Any]) -> None:
    steps = [step_of(told) for told in vector["events"]]
    with pytest.raises(KitError) as refused:
        mock_run(agent_of(vector["agent"]), FILE["input"], events=steps)
    message, _, _, *lines = str(refused.value).split("\n")
    at = next((index for index, line in enumerate(lines) if line.startswith("  > ")), -1)
    assert lines == [f"{'  > ' if index == at else '    '}{step.text}" for index, step in enumerate(steps)]
    told = message if at < 0 else message.replace(steps[at].text, "{step}", 1)
    assert {"message": without_ids(told), "at": at} == {
        **vector["refused"],
        "message": in_python(vector["refused"]["message"]),
    }


@_runs("failures")
def test_says_the_same_of_what_does_not_hold(vector: dict[str, Any]) -> None:
    run = mock_run(agent_of(vector["agent"]), FILE["input"], events=[step_of(told) for told in vector["events"]])
    for failure in vector["failures"]:
        name, args = expected_of(failure["expected"])
        with pytest.raises(AssertionError) as failed:
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
