"""What a kit says where a test cannot go on as it is written."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from typing_extensions import Unpack

from agentspan.agents import Agent, agent_tool, tool
from agentspan.agents.testing import (
    KitError,
    KitOptions,
    ModelScript,
    approve,
    calls,
    expect,
    fails,
    memory_kit,
    nobody,
    reject,
    says,
)
from tests.servers.kit.refund_agent import MODEL, ORDER, REFUND, refund_agent

AGENT = refund_agent()
INPUT = "Refund order ORD-8821"


def fault(*, model: ModelScript, of: Agent = AGENT, **options: Unpack[KitOptions]) -> str:
    """The first line of what a run fails with; the rest shows its events."""
    with memory_kit(model=model, **options) as kit, pytest.raises(KitError) as told:
        kit.run(of, INPUT)
    return str(told.value).split("\n")[0]


def test_that_a_run_waits_for_a_person_and_nobody_comes_with_what_to_write_and_what_happened() -> None:
    assert fault(model=[calls("process_refund", REFUND)]) == (
        'The run waits for a person to decide process_refund {"amount":29.99,"order_id":"ORD-8821"}, and nobody does. '
        'Write down what they do, as decisions={"process_refund": approve()} of the kit, or decide in the test, as '
        "with run.approve()."
    )
    with (
        memory_kit(model=[calls("process_refund", REFUND)]) as kit,
        pytest.raises(KitError, match=r'What happened in it:\n +1 +run_started +"another"\n'),
    ):
        kit.run(AGENT, "another")
    waits = fault(model=[calls("process_refund", REFUND)], decisions={"process_refund": nobody()})
    assert waits.startswith("The run waits for a person")


def test_that_people_decide_only_so_often_as_is_written() -> None:
    model = [calls("process_refund", REFUND), calls("process_refund", REFUND), says("Done.")]
    waits = fault(model=model, decisions={"process_refund": [reject("no")]})
    assert waits.startswith("The run waits for a person to decide process_refund")
    kit = memory_kit(model=[says("Done.")], decisions={"process_refund": [approve(), reject("no")]})
    kit.run(AGENT, INPUT)
    with pytest.raises(KitError) as told:
        kit.stop()
    assert str(told.value) == (
        "Nobody was asked to decide process_refund so often: approve() is left over.\n"
        'Nobody was asked to decide process_refund so often: reject("no") is left over.'
    )


def test_that_a_decision_is_refused_and_why() -> None:
    @tool(approval={"approvers": {"users": ["maria"]}})
    def pay() -> int:
        """Pays."""
        return 1

    payer = Agent(name="payer", model=MODEL, tools=[pay])
    model = [calls("pay"), says("Paid.")]
    refused = fault(model=model, of=payer, decisions={"pay": approve(by="eve")})
    assert refused.startswith("approve() of pay was refused: ")
    with memory_kit(model=model, decisions={"pay": approve(by="maria")}) as kit:
        expect(kit.run(payer, INPUT)).completed().approved("pay", "maria")


def test_that_a_function_of_the_decisions_raised() -> None:
    def broken(_: object) -> Any:
        raise ValueError("no such person")

    told = fault(model=[calls("process_refund", REFUND), says("Done.")], decisions={"process_refund": broken})
    assert told == "The function in decisions of process_refund raised: no such person"


def test_that_the_model_is_asked_for_a_turn_that_is_not_written_and_what_it_had_been_told() -> None:
    assert fault(model=[calls("get_order", ORDER)]) == (
        "The model was asked for turn 2 in a run of refund_agent, and its script has 1 turn. It had been told "
        'get_order: {"order_id":"ORD-8821","amount":29.99,"status":"delivered"}'
    )
    assert fault(model=[]) == (
        "The model was asked for turn 1 in a run of refund_agent, and its script has 0 turns. "
        "Its user said: Refund order ORD-8821"
    )


def test_that_a_turn_was_not_asked_for() -> None:
    unasked = calls("get_order", ORDER).and_("get_order", {}).saying("hm")
    assert fault(model=[says("Done."), unasked]) == (
        "The model was not asked for turn 2 of the script: "
        'calls("get_order", {"order_id":"ORD-8821"}).and_("get_order", {}).'
    )
    with pytest.raises(KitError) as told:
        memory_kit(model=[says("Done."), fails("busy"), lambda _: says("x")]).stop()
    assert str(told.value) == (
        'The model was not asked for turn 1 of the script: says("Done.").\n'
        'The model was not asked for turn 2 of the script: fails("busy").\n'
        "The model was not asked for turn 2 of the script: a function."
    )


def test_that_a_function_of_the_script_raised() -> None:
    def broken(_: object) -> Any:
        raise ValueError("no such order")

    assert fault(model=[broken]) == "The function of turn 1 in a run of refund_agent raised: no such order"


def test_that_a_run_of_an_agent_takes_place_that_the_script_does_not_have() -> None:
    desk = Agent(name="desk", model=MODEL, tools=[agent_tool(AGENT, "Refunds.")])
    model = {"desk": [calls("refund_agent", {"input": "Refund"}), says("Done.")]}
    assert fault(model=model, of=desk) == (
        "The model was asked in a run of refund_agent, and the script has turns for desk only."
    )


def test_that_a_tool_never_ends_and_what_to_do_about_it() -> None:
    over = threading.Event()
    model = [calls("get_order", ORDER), says("x")]
    with memory_kit(model=model, tools={"get_order": over.wait}, patience="50ms") as kit:
        with pytest.raises(KitError) as told:
            kit.run(AGENT, INPUT)
        over.set()
    assert str(told.value) == (
        "get_order has been running for 0.05 s, and nothing else happens. If that is what the test is about, move the "
        "clock with kit.advance(); if it is only slow, give the kit more patience."
    )


def test_that_a_run_is_paused_and_that_one_that_has_ended_never_waited() -> None:
    with memory_kit(model=[calls("process_refund", REFUND), says("Done.")]) as kit:
        run = kit.start(AGENT, INPUT)
        run.waiting()
        run.handle.pause("lunch")
        with pytest.raises(KitError, match=r"^The run is paused, and nobody resumes it\."):
            run.result()
        run.handle.resume()
        with pytest.raises(KitError, match=r"^The run waits for a person to decide process_refund"):
            run.waiting("get_order")
        run.approve()
        run.result()
        over = r"^The run has ended, and waits for nobody any more: process_refund was approved by anonymous\."
        with pytest.raises(KitError, match=over):
            run.waiting()
        with pytest.raises(KitError, match=r"^The run has ended and never waited for a person to decide get_order\."):
            run.approve("get_order")


def test_that_nobody_serves_a_tool() -> None:
    nobody_serves = Agent(name="unserved", model=MODEL, tools=[tool(lone)])
    with memory_kit(model=[calls("lone")]) as kit:
        run = kit.start(nobody_serves, INPUT, serve=False)
        with pytest.raises(KitError, match=r"^The run waits for a worker that serves lone, and there is none\."):
            run.result()


def lone() -> None:
    """Does nothing."""


def test_waits_for_tools_and_turns_that_take_real_time_and_moves_no_clock_meanwhile() -> None:
    def later(value: Any) -> Any:
        threading.Event().wait(0.05)
        return value

    with memory_kit(
        model=[lambda _: later(calls("get_order", ORDER)), says("Done.")],
        tools={"get_order": lambda: later({"amount": 1})},
    ) as kit:
        begun = kit.now()
        expect(kit.run(AGENT, INPUT)).completed().no_errors()
        assert (kit.now() - begun).total_seconds() < 60


def test_waits_for_several_runs_at_once_each_at_its_own_place_of_the_script() -> None:
    kit = memory_kit(
        model=[
            lambda told: calls("get_order", {"order_id": told.input}),
            lambda told: says(told.results[0].value["order_id"]),
        ]
    )
    orders = ["ORD-1", "ORD-2", "ORD-3"]
    with ThreadPoolExecutor(3) as pool:
        runs = list(pool.map(lambda order: kit.run(AGENT, order), orders))
    assert [run.output["result"] for run in runs] == orders
    assert sorted(one.told.turn for one in kit.asked) == [1, 1, 1, 2, 2, 2]
    kit.stop()


def test_that_a_script_or_an_option_is_none() -> None:
    with pytest.raises(KitError, match=r"^A kit has no option 'decision'\. Did you mean decisions\?$"):
        memory_kit(model=[], decision={"process_refund": approve()})  # type: ignore[call-arg]
    with pytest.raises(KitError, match=r"^The model's script is 'hi': write its turns as a list"):
        memory_kit(model="hi")  # type: ignore[arg-type]
    with pytest.raises(KitError, match=r"^The kit's decisions have approve without its \(\) for process_refund"):
        memory_kit(model=[], decisions={"process_refund": approve})  # type: ignore[dict-item]
    with memory_kit(model=[]) as kit, pytest.raises(KitError, match=r"^A kit starts runs of an Agent, and not of None"):
        kit.run(None, INPUT)  # type: ignore[arg-type]
    told = fault(
        model=[calls("process_refund", REFUND), says("Done.")],
        decisions={"process_refund": lambda asked: approve},  # type: ignore[dict-item, return-value]
    )
    assert told == (
        "The function in decisions of process_refund gave approve without its (): it gives a decision, such as "
        "approve(), or nobody()."
    )
