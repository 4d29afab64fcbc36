"""What the kit in memory and the kit on a server must both do, and do alike.

Each scenario is carried out by either, and gives the runs whose histories are compared.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from agentspan.agents import Duration
from agentspan.agents.testing import (
    MakesKits,
    TestedRun,
    after,
    approve,
    approve_with,
    calls,
    expect,
    fails,
    reject,
    respond,
    says,
)
from tests.servers.kit.refund_agent import ORDER, REFUND, Till, desk_agent, refund_agent

INPUT = "Customer Alex wants a refund on order ORD-8821"
ASKS_FOR_REFUND = [calls("process_refund", REFUND), says("Done.")]


@dataclass(frozen=True)
class Stage:
    """Makes a kit, which is the one line in which the two differ; and how much time a test has."""

    make_kit: MakesKits
    #: How long people have before an approval expires, and how long they take to decide.
    expires_in: Duration
    thinks_for: Duration


Scenario: TypeAlias = Callable[[Stage], list[TestedRun]]


def a_plain_tool_runs_at_once(stage: Stage) -> list[TestedRun]:
    of = Till()
    kit = stage.make_kit(model=[calls("get_order", ORDER), says("It was delivered.")])
    run = kit.run(refund_agent(of), INPUT)
    kit.stop()
    expect(run).completed().no_errors().tools_used_exactly(["get_order"]).output("It was delivered.").max_turns(2)
    assert of.lookups == 1
    return [run]


def a_gated_tool_runs_once_it_is_approved(stage: Stage) -> list[TestedRun]:
    of = Till()
    kit = stage.make_kit(
        model=[calls("get_order", ORDER), calls("process_refund", REFUND), says("Refunded.")],
        decisions={"process_refund": after(stage.thinks_for, approve(comment="It is fine."))},
    )
    run = kit.run(refund_agent(of), INPUT)
    kit.stop()
    expect(run).completed().paused("process_refund").approved("process_refund").used_tool("process_refund", REFUND)
    assert of.refunds == [REFUND]
    return [run]


def a_gated_tool_that_is_rejected_never_runs_and_the_model_is_told(stage: Stage) -> list[TestedRun]:
    of = Till()
    kit = stage.make_kit(
        model=[
            calls("process_refund", REFUND),
            lambda told: says(f"I am sorry. {getattr(told.result_of('process_refund'), 'text', None)}"),
        ],
        decisions={"process_refund": reject("Not delivered yet")},
    )
    run = kit.run(refund_agent(of), INPUT)
    kit.stop()
    expect(run).completed().rejected("process_refund", "Not delivered yet").did_not_use_tool("process_refund")
    expect(run).output_contains("Not delivered yet")
    assert of.refunds == []
    return [run]


def a_person_changes_the_arguments(stage: Stage) -> list[TestedRun]:
    of = Till()
    half = {**REFUND, "amount": 15}
    kit = stage.make_kit(model=ASKS_FOR_REFUND, decisions={"process_refund": approve_with(half, by="maria")})
    run = kit.run(refund_agent(of), INPUT)
    kit.stop()
    expect(run).completed().approved("process_refund", "maria").used_tool("process_refund", half)
    assert of.refunds == [half]
    return [run]


def a_person_answers_in_place_of_the_tool(stage: Stage) -> list[TestedRun]:
    of = Till()
    kit = stage.make_kit(model=ASKS_FOR_REFUND)
    started = kit.start(refund_agent(of), INPUT)
    assert started.waiting("process_refund").arguments == REFUND
    started.respond({"refunded": True, "by": "bank transfer"})
    run = started.result()
    kit.stop()
    expect(run).completed().answered("process_refund").did_not_use_tool("process_refund")
    assert of.refunds == []
    return [run]


def an_approval_that_nobody_decides_expires(stage: Stage) -> list[TestedRun]:
    kit = stage.make_kit(model=ASKS_FOR_REFUND)
    run = kit.run(refund_agent(expires_in=stage.expires_in), INPUT)
    kit.stop()
    expect(run).completed().expired("process_refund").did_not_use_tool("process_refund")
    return [run]


def a_question_is_answered_by_a_person(stage: Stage) -> list[TestedRun]:
    kit = stage.make_kit(
        model=[calls("ask_customer", {"question": "Which size?"}), says("M it is.")],
        decisions={"ask_customer": respond({"size": "M"})},
    )
    run = kit.run(refund_agent(), INPUT)
    kit.stop()
    expect(run).completed().paused("ask_customer").answered("ask_customer").used_tool("ask_customer")
    return [run]


def a_run_starts_another_one_whose_approval_it_shows(stage: Stage) -> list[TestedRun]:
    of = Till()
    kit = stage.make_kit(
        model={
            "desk": [calls("refund_agent", {"input": "Refund ORD-8821"}), says("Handed on.")],
            "refund_agent": ASKS_FOR_REFUND,
        },
        decisions={"process_refund": approve()},
    )
    run = kit.run(desk_agent(of), INPUT)
    child = kit.tested(next(event.child_run_id for event in run.events if event.type == "child_started"))
    kit.stop()
    expect(run).completed().used_tool("refund_agent")
    expect(child).completed().approved("process_refund").used_tool("process_refund", REFUND)
    assert of.refunds == [REFUND]
    return [run, child]


def what_fails_is_tried_again_the_model_and_a_plain_tool(stage: Stage) -> list[TestedRun]:
    of = Till()
    kit = stage.make_kit(model=[fails("busy"), calls("get_order", ORDER), says("Found.")])
    run = kit.run(refund_agent(of, failures=2), INPUT)
    kit.stop()
    expect(run).completed().used_tool("get_order")
    expect(run).event_sequence(["error", "tool_call", "error", "error", "tool_result"])
    assert of.lookups == 3
    return [run]


def a_model_that_fails_for_good_ends_the_run(stage: Stage) -> list[TestedRun]:
    kit = stage.make_kit(model=[fails("no such model", again=False)])
    run = kit.run(refund_agent(), INPUT)
    kit.stop()
    expect(run).failed("MODEL_FAILED").tools_used_exactly([])
    return [run]


def a_call_that_does_not_fit_the_tools_schema_is_refused_and_the_model_is_told(stage: Stage) -> list[TestedRun]:
    wrong = [calls("get_order", {"id": 7}), calls("get_order", "no JSON")]
    kit = stage.make_kit(model=[*wrong, calls("get_order", ORDER), says("Found.")])
    run = kit.run(refund_agent(), INPUT)
    kit.stop()
    expect(run).completed().used_tool("get_order", ORDER)
    return [run]


def a_run_that_waits_is_cancelled(stage: Stage) -> list[TestedRun]:
    kit = stage.make_kit(model=[calls("process_refund", REFUND)])
    started = kit.start(refund_agent(), INPUT)
    started.waiting()
    started.cancel("The customer changed their mind.")
    run = started.result()
    kit.stop()
    expect(run).status("CANCELLED").paused("process_refund").did_not_use_tool("process_refund")
    return [run]


SCENARIOS: list[Scenario] = [
    a_plain_tool_runs_at_once,
    a_gated_tool_runs_once_it_is_approved,
    a_gated_tool_that_is_rejected_never_runs_and_the_model_is_told,
    a_person_changes_the_arguments,
    a_person_answers_in_place_of_the_tool,
    an_approval_that_nobody_decides_expires,
    a_question_is_answered_by_a_person,
    a_run_starts_another_one_whose_approval_it_shows,
    what_fails_is_tried_again_the_model_and_a_plain_tool,
    a_model_that_fails_for_good_ends_the_run,
    a_call_that_does_not_fit_the_tools_schema_is_refused_and_the_model_is_told,
    a_run_that_waits_is_cancelled,
]
