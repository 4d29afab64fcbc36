"""What may be expected of a run, and what a failure says. The words of most failures are in the vectors."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Literal
from unittest.mock import ANY

import pytest
from pydantic import BaseModel

from agentspan.agents import Agent, agent_tool, tool
from agentspan.agents.testing import Expectation, KitError, MockEvent, TestedRun, expect, expect_run, mock_run
from tests.unit.refund_agent import AGENT, DONE, LOOKS, ORDER, REFUND, REFUNDS, mock

ANSWERING = Agent(name="answering", model="a/b", output_schema={})
RUN = mock(LOOKS, MockEvent.tool_result("get_order"), REFUNDS, MockEvent.waiting(), DONE)


def answer(result: Any) -> TestedRun:
    """A run with an answer that is any JSON."""
    return mock_run(ANSWERING, "Hi", events=[MockEvent.done(result)])


def head(of: Callable[[Expectation], object], run: TestedRun = RUN) -> str:
    """What was expected, and what there is instead."""
    with pytest.raises(AssertionError) as failed:
        of(expect(run))
    return str(failed.value).split("\n\n")[0]


def test_all_of_it_holds_in_one_chain() -> None:
    expect(RUN).completed().status("COMPLETED").no_errors().used_tool("get_order", ORDER).did_not_use_tool(
        "ask_customer"
    ).tool_call_order(["get_order", "process_refund"]).tools_used_exactly(["process_refund", "get_order"]).output(
        "Done."
    ).output_contains("one").output_matches(r"^D\w+\.$").output_type(str).events_contain("waiting").event_sequence(
        ["tool_call", "decided", {"type": "done"}]
    ).max_turns(3).paused().paused("process_refund").approved().approved("process_refund", "somebody")
    asked = MockEvent.tool_call("ask_customer", {"question": "Size?"})
    answered = mock(asked, MockEvent.decided("RESPONDED", content={"size": "M"}), MockEvent.error("overloaded"))
    expect_run(answered).failed().failed("MODEL_FAILED").answered().answered("ask_customer").used_tool("ask_customer")
    refused = mock(REFUNDS, MockEvent.decided("REJECTED", reason="not delivered yet"), DONE)
    expect(refused).rejected().rejected("process_refund", "not delivered yet").rejected(
        reason=re.compile("not yet|yet")
    )


@pytest.mark.parametrize(
    "args",
    [
        REFUND,
        {"order_id": re.compile(r"^ORD-\d+$"), "amount": ANY},
        {"order_id": str, "amount": pytest.approx(30, abs=0.1)},
        {"order_id": lambda text: text.startswith("ORD"), "amount": float},
        ANY,
        lambda args: args["amount"] < 30,
        dict,
    ],
)
def test_arguments_may_be_matched_in_many_ways(args: Any) -> None:
    expect(RUN).used_tool("process_refund", args)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({**REFUND, "amount": 30}, '{"order_id":"ORD-8821","amount":30}'),
        ({"order_id": "ORD-8822"}, '{"order_id":"ORD-8822"}'),
        ({**REFUND, "currency": ANY}, '{"order_id":"ORD-8821","amount":29.99,"currency":<ANY>}'),
        ({"order_id": re.compile("^X"), "amount": str}, '{"order_id":/^X/,"amount":str}'),
        ({"order_id": ["ORD-8821"], "amount": lambda _: False}, '{"order_id":["ORD-8821"],"amount":(a function)}'),
        (lambda _: False, "what a function says"),
        ({"order_id": "ORD-8821", "amount": True}, '{"order_id":"ORD-8821","amount":true}'),
    ],
)
def test_arguments_that_do_not_match_are_shown_beside_those_that_ran(args: Any, words: str) -> None:
    assert head(lambda it: it.used_tool("process_refund", args)) == (
        f"Expected process_refund to have been used with {words}.\n"
        'process_refund was called with {"amount":29.99,"order_id":"ORD-8821"}, waited for a person, '
        "was approved by somebody, ran: null."
    )


def test_a_number_is_not_a_truth() -> None:
    run = answer({"count": 1, "ok": True, "lines": [1, "a"]})
    expect(run).output({"count": 1.0, "ok": True, "lines": [1, "a"]})
    for other in ({"count": True, "ok": True, "lines": ANY}, {"count": 1, "ok": 1, "lines": ANY}):
        with pytest.raises(AssertionError):
            expect(run).output(other)
    with pytest.raises(AssertionError):
        expect(run).output({"count": 1, "ok": True, "lines": [1]})


class Refund(BaseModel):
    order_id: str
    amount: float


@dataclass
class Line:
    order_id: str
    amount: float


def test_the_output_may_be_of_a_type() -> None:
    run = answer(REFUND)
    expect(run).output_type(dict).output_type(Refund).output_type(Line).output_type(dict[str, str | float])
    expect(run).output_type(lambda result: result["amount"] < 30)
    expect(answer(30)).output_type(int).output_type(float).output_type(Literal[30])
    expect(answer(None)).output_type(type(None))
    done = answer({"order_id": 7})
    assert head(lambda it: it.output_type(Refund), done) == (
        'Expected the output to fit Refund.\nIt is {"order_id":7}. What is wrong with it: '
        "order_id: Input should be a valid string; amount: Field required."
    )
    assert head(lambda it: it.output_type(str), done) == (
        'Expected the output to be of type str.\nIt is of type dict. It is {"order_id":7}.'
    )
    assert head(lambda it: it.output_type(int), answer(True)).endswith("It is of type bool. It is true.")
    assert head(lambda it: it.output_type(lambda _: False), done).startswith(
        "Expected the output to be what a function"
    )
    assert head(lambda it: it.output_type(str), mock(REFUNDS)) == (
        "Expected the output to be of type str.\nThere is no output: the run is WAITING."
    )


def test_events_are_matched_by_any_of_their_fields() -> None:
    expect(RUN).events_contain({"type": "tool_result", "outcome": {"kind": "result", "json": "null"}})
    expect(RUN).events_contain({"tool_name": re.compile("refund"), "approval_required": True})
    assert head(lambda it: it.events_contain({"approval_required": "yes"})).startswith(
        'Expected the events to contain {"approval_required":"yes"}.\nThey are run_started, model_replied, '
    )
    with pytest.raises(KitError, match="An event of type decided has no field nothing; it has run_id, "):
        expect(RUN).events_contain({"type": "decided", "nothing": None})
    with pytest.raises(KitError, match="An event has no field nothing; it has "):
        expect(RUN).events_contain({"nothing": 1})
    with pytest.raises(KitError, match="is any event: name some"):
        expect(RUN).events_contain({})


def test_patterns_are_told_as_they_are_written() -> None:
    assert head(lambda it: it.output_matches("Lost")) == 'Expected the output to match /Lost/.\nIt is "Done.".'
    rejected = mock(REFUNDS, MockEvent.decided("REJECTED"), DONE)
    assert head(lambda it: it.rejected(reason=re.compile("late")), rejected) == (
        "Expected a person to have rejected a call for /late/.\n"
        'process_refund was called with {"amount":29.99,"order_id":"ORD-8821"}, waited for a person, '
        "was rejected by somebody."
    )


@pytest.mark.parametrize(
    ("nothing", "why"),
    [
        ({"state": "COMPLETED"}, "got something else."),
        (None, "got None."),
        (SimpleNamespace(so_far=None), "a KitRun, which may go on: use run.result(), or run.so_far()."),
    ],
)
def test_what_is_no_run_is_refused(nothing: Any, why: str) -> None:
    with pytest.raises(KitError, match=re.escape(why)):
        expect(nothing)


def test_a_run_that_is_not_awaited_is_refused() -> None:
    async def run() -> TestedRun:
        return RUN

    forgotten: Any = run()
    with pytest.raises(KitError, match="a coroutine: did you forget await"):
        expect(forgotten)
    forgotten.close()


def test_arguments_are_compared_whole_and_never_none() -> None:
    with pytest.raises(AssertionError, match="It was used with these and more: arguments are compared whole"):
        expect(RUN).used_tool("process_refund", {"amount": 29.99})
    with pytest.raises(KitError, match="Leave them out where any will do"):
        expect(RUN).used_tool("process_refund", None)


def test_a_function_that_is_async_is_refused_and_not_true() -> None:
    async def says(_: Any) -> bool:
        return False

    with pytest.raises(KitError, match="says true or false at once"):
        expect(RUN).used_tool("process_refund", says)
    with pytest.raises(KitError, match="says true or false at once"):
        expect(RUN).output_type(says)


def test_a_truth_is_no_int() -> None:
    run = answer({"count": True})
    with pytest.raises(AssertionError):
        expect(run).output({"count": int})
    expect(run).output({"count": bool})


def test_a_run_without_an_answer_has_no_output_that_could_be_anything() -> None:
    waits = mock(REFUNDS)
    for of in (lambda it: it.output(ANY), lambda it: it.output_matches(".*"), lambda it: it.output_contains("D")):
        assert head(of, waits).endswith("There is no output: the run is WAITING.")


def test_lists_are_lists() -> None:
    name: Any = "get_order"
    for of in (expect(RUN).tool_call_order, expect(RUN).tools_used_exactly, expect(RUN).event_sequence):
        with pytest.raises(KitError, match='are given as a list, not as "get_order"'):
            of(name)


def test_how_often_a_tool_was_used_and_whether_it_failed_is_told_apart() -> None:
    closed = MockEvent.tool_error("get_order", "The shop is closed.")
    run = mock(LOOKS, MockEvent.tool_result("get_order"), LOOKS, closed, DONE)
    expect(run).used_times("get_order", 2).tool_failed("get_order").used_times("process_refund", 0)
    assert head(lambda it: it.no_errors(), run).endswith("It has tool_result (event 9).")


def test_tools_are_in_the_order_in_which_they_began() -> None:
    found = MockEvent.tool_result("get_order")
    run = mock(REFUNDS, LOOKS, found, MockEvent.decided(), MockEvent.tool_result("process_refund"), DONE)
    expect(run).tool_call_order(["get_order", "process_refund"])


def test_each_of_several_people_who_agreed_has_approved() -> None:
    @tool(approval={"votes": 2, "approvers": {"users": ["maria", "jo", "eve"]}})
    def wire() -> None:
        """Wires."""

    agent = Agent(name="wirer", model="a/b", tools=[wire])
    calls = MockEvent.tool_call("wire")
    votes = [MockEvent.decided(by="maria"), MockEvent.decided(by="jo")]
    one = mock_run(agent, "Wire", events=[calls, *votes[:1]])
    expect(one).approved("wire", "maria")
    assert head(lambda it: it.approved("wire"), one).endswith("waited for a person, had the vote of maria.")
    both = mock_run(agent, "Wire", events=[calls, *votes, MockEvent.tool_result("wire"), DONE])
    expect(both).approved("wire").approved("wire", "maria").approved("wire", "jo")
    assert head(lambda it: it.approved("wire", "eve"), both).endswith(
        "had the vote of maria, was approved by jo, ran: null."
    )


def test_what_another_run_did_is_told_by_itself() -> None:
    desk = Agent(name="desk", model="a/b", tools=[agent_tool(AGENT, "Refunds.")])
    calls = MockEvent.tool_call("refund_agent", {"input": "Refund"})
    run = mock_run(desk, "Refund", events=[calls, MockEvent.tool_result("refund_agent", "Refunded."), DONE])
    look = re.escape(f'Look at kit.tested("{run.child_runs[0].run_id}") for refund_agent.')
    with pytest.raises(AssertionError, match=look):
        expect(run).did_not_use_tool("process_refund")
    with pytest.raises(AssertionError, match=look):
        expect(run).used_times("process_refund", 0)
    with pytest.raises(AssertionError, match=look):
        expect(run).approved()
    with pytest.raises(KitError, match="The agent desk has no tool refnd; it has refund_agent"):
        expect(run).did_not_use_tool("refnd")
    # No run of that agent was started, so that its tools were not used.
    expect(mock_run(desk, "Hi", events=[DONE])).did_not_use_tool("process_refund")


def test_what_a_model_or_a_dataclass_writes_is_expected_by_it() -> None:
    class Order(BaseModel):
        order_id: str
        amount: float

    expect(RUN).used_tool("process_refund", Order(order_id="ORD-8821", amount=29.99))
    with pytest.raises(AssertionError):
        expect(RUN).used_tool("process_refund", Order(order_id="ORD-8821", amount=30))


@pytest.mark.parametrize("kind", [list[int], Any, int | None])
def test_types_that_are_no_classes_are_refused_within_a_value(kind: Any) -> None:
    with pytest.raises(KitError, match="cannot be expected of a value: write a class, such as list, a function"):
        expect(RUN).used_tool("process_refund", {"order_id": str, "amount": kind})


def test_an_answer_is_read_strictly() -> None:
    class Paid(BaseModel):
        amount: int

    expect(answer({"amount": 5})).output_type(Paid)
    for lax in ("5", 5.0, True):
        with pytest.raises(AssertionError, match="What is wrong with it: amount: Input should be a valid integer"):
            expect(answer({"amount": lax})).output_type(Paid)


def test_expecting_nothing_is_refused_where_it_is_asserted() -> None:
    with pytest.raises(KitError, match=r"^Nothing is expected of the run: write what is, such as"):
        assert expect(RUN)
    assert expect(RUN).completed()
    assert expect(RUN).did_not_use_tool("ask_customer")


def test_an_event_of_another_run_names_none() -> None:
    with pytest.raises(KitError, match=r"^An event is named by its type, or by a dict of some fields, and not by "):
        expect(RUN).events_contain(RUN.events[1])  # type: ignore[arg-type]
