"""What a kit says of a script that is none: at once, and where it is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agentspan.agents import Agent, tool
from agentspan.agents.testing import (
    HistoryError,
    KitError,
    MockEvent,
    after,
    approve,
    approve_with,
    calls,
    fails,
    mock_run,
    reject,
    replay,
    respond,
    says,
    settle,
)
from agentspan.agents.testing.kit_decisions import read_decisions
from agentspan.agents.testing.model_turn import read_model_script
from agentspan.agents.testing.script_words import by_tool, require_known

NAN = float("nan")
HALF = "\ud800"


@tool
def refund(order_id: str) -> str:
    """Refunds."""
    return order_id


@pytest.mark.parametrize(
    ("write", "told"),
    [
        (
            lambda: calls("refund", {"order_id": object()}),
            'The arguments of calls("refund") cannot be written as JSON: ',
        ),
        (
            lambda: calls("refund", {"order_id": NAN}),
            'The arguments of calls("refund") cannot be written as JSON: NaN is',
        ),
        (lambda: calls("refund", [1]), 'The arguments of calls("refund") are [1]: write a dict, such as {'),  # type: ignore[arg-type]
        (
            lambda: calls("refund", {"a": HALF}),
            'The arguments of calls("refund") cannot be sent: half a character is in it, at 0.',
        ),
        (
            lambda: calls("refund", HALF),
            'The arguments of calls("refund") cannot be sent: half a character is in it, at 0.',
        ),
        (lambda: says("x" + HALF), "The answer of says() cannot be sent: half a character is in it, at 1."),
        (lambda: calls("a").and_("refund", {"a": NAN}), 'The arguments of calls("refund") cannot be written as JSON: '),
        (lambda: calls(refund), 'calls() cannot name a tool by <tool refund>: write its name, such as "refund".'),  # type: ignore[arg-type]
        (lambda: calls(None), 'calls() cannot name a tool by None: write its name, such as "process_refund".'),  # type: ignore[arg-type]
        (lambda: calls("a").saying(1), "What the model says beside is 1: write text."),  # type: ignore[arg-type]
        (lambda: says(NAN), "The answer of says() cannot be written as JSON: NaN is a number that JSON does not have."),
        (lambda: says(object()), "The answer of says() cannot be written as JSON: "),
        (lambda: fails(None), "The message of fails() is None: write text."),  # type: ignore[arg-type]
        (lambda: respond(NAN), "The content of respond() cannot be written as JSON: NaN is"),
        (lambda: approve_with({"amount": NAN}), "The arguments of approve_with() cannot be written as JSON: NaN is"),
        (lambda: approve_with(3), "The arguments of approve_with() are 3: write a dict"),  # type: ignore[arg-type]
        (lambda: settle("HAPPENED", result=NAN), "The result of settle() cannot be written as JSON: NaN is"),
        (lambda: reject(None), "The reason of reject() is None: write text."),  # type: ignore[arg-type]
        (lambda: approve(by=5), "The name of who decides is 5: write text."),  # type: ignore[arg-type]
        (
            lambda: after("1d", approve),  # type: ignore[arg-type]
            "after() is given approve without its (): write what happens then, as after('1d', ",
        ),
        (lambda: after("1d", lambda _: approve()), "after() is given <function "),  # type: ignore[arg-type]
    ],
)
def test_is_said_by_what_makes_a_part_of_it(write: Callable[[], Any], told: str) -> None:
    with pytest.raises(KitError) as raised:
        write()
    assert str(raised.value).startswith(told)


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (None, 'The model\'s script is None: write its turns as a list, such as [says("Hello.")].'),
        ("hi", "The model's script is 'hi': write its turns as a list"),
        (says("x"), "The model's script is SaysTurn("),
        (lambda told: says(told.input), "The model's script is <function "),
        (
            ["x"],
            "Turn 1 of the model's script is 'x': write a turn, such as says() or calls(), or a function that gives",
        ),
        ([says("x"), says], "Turn 2 of the model's script is says itself: write says(...)."),
        ([fails], "Turn 1 of the model's script is fails itself: write fails(...)."),
        ({"desk": says("x")}, "The script of desk is SaysTurn("),
        ({"desk": [None]}, "Turn 1 of the script of desk is None: write a turn"),
        ({None: []}, "The model's script names an agent by None: write its name."),
    ],
)
def test_is_said_of_what_the_model_says(script: Any, told: str) -> None:
    with pytest.raises(KitError) as raised:
        read_model_script(script)
    assert str(raised.value).startswith(told)


def test_turns_and_decisions_may_come_from_a_generator() -> None:
    assert read_model_script(says(word) for word in ("a", "b")) == [says("a"), says("b")]
    once = approve()
    assert read_decisions({"refund": (one for one in [once])}) == {"refund": [once]}


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (approve(), "The kit's decisions are ScriptedDecision("),
        ([approve()], "The kit's decisions are [ScriptedDecision("),
        (
            {"refund": approve},
            "The kit's decisions have approve without its () for refund: write a decision, such as appr",
        ),
        ({"refund": "approve"}, "The kit's decisions have 'approve' for refund: write a decision"),
        ({"refund": [approve(), None]}, "The kit's decisions have None for refund: write a decision"),
        (
            {refund: approve()},
            'The kit\'s decisions cannot name a tool by <tool refund>: write its name, such as "refund".',
        ),
    ],
)
def test_is_said_of_what_people_decide(script: Any, told: str) -> None:
    with pytest.raises(KitError) as raised:
        read_decisions(script)
    assert str(raised.value).startswith(told)


def test_is_said_of_functions_in_place_of_tools_and_of_options_that_there_are_not() -> None:
    with pytest.raises(
        KitError, match=r'^The kit\'s tools cannot name a tool by <tool refund>: write its name, such as "refund"'
    ):
        by_tool({refund: lambda: "stub"}, "The kit's tools", "")
    with pytest.raises(KitError, match=r"^A kit has no option 'decision'\. Did you mean decisions\?$"):
        require_known({"decision": {}}, ("decisions", "tools", "patience"))
    with pytest.raises(
        KitError, match=r"^A kit has no option 'stubs'\. Its options are model, decisions, tools, patience"
    ):
        require_known({"stubs": {}}, ("decisions", "tools", "patience"))


def test_is_said_of_values_that_no_worker_returns_in_a_run_that_is_made_up() -> None:
    agent = Agent(name="desk", model="a/b", tools=[refund])
    with pytest.raises(
        KitError, match=r"^The result of refund cannot be written as JSON: NaN is a number that JSON does"
    ):
        mock_run(
            agent, "Hi", events=[MockEvent.tool_call("refund", {"order_id": "1"}), MockEvent.tool_result("refund", NAN)]
        )


def test_is_said_of_a_replay_by_nothing() -> None:
    with pytest.raises(HistoryError, match=r"^Runs are replayed by an Agent, and not by None\.$"):
        replay("history.jsonl", None)  # type: ignore[arg-type]
