"""What a test writes down for a kit and does not mean so: a script that says nothing passes a wrong agent."""

from __future__ import annotations

from typing import Any

import pytest
from typing_extensions import Unpack

from agentspan.agents import Agent, agent_tool, human_tool, tool
from agentspan.agents.testing import (
    KitError,
    KitOptions,
    ModelScript,
    after,
    approve,
    calls,
    expect,
    fails,
    memory_kit,
    nobody,
    reject,
    says,
)
from tests.servers.kit.refund_agent import MODEL, REFUND, refund_agent

AGENT = refund_agent()
INPUT = "Refund order ORD-8821"
ASKS = [calls("process_refund", REFUND), says("Done.")]


def faults(*, model: ModelScript, of: Agent = AGENT, **options: Unpack[KitOptions]) -> tuple[str, str]:
    """What is said of a run, and of the kit that it took place in: the first lines."""
    kit = memory_kit(model=model, **options)
    with pytest.raises(KitError) as of_run:
        kit.run(of, INPUT)
    with pytest.raises(KitError) as of_kit:
        kit.stop()
    return str(of_run.value).split("\n")[0], str(of_kit.value).split("\n")[0]


def pays(amount: int) -> str:
    """Pays."""
    return f"paid {amount}"


def test_that_a_function_of_the_model_gave_no_turn() -> None:
    words = "The function of turn 1 in a run of refund_agent gave None: it gives a turn, such as says() or calls()."
    nothing: Any = lambda _: None  # noqa: E731
    assert faults(model=[nothing]) == (words, words)


def test_that_nobody_was_asked_to_decide_what_ran() -> None:
    plain = Agent(name="payer", model=MODEL, tools=[tool(pays)])
    gated = Agent(name="payer", model=MODEL, tools=[tool(approval={"rule": "args.amount > 100"})(pays)])
    model = [calls("pays", {"amount": 5}), says("Paid.")]
    words = (
        "pays ran, and nobody was asked to decide it: approve() came to nothing. Where it may run unasked, make that "
        "a function: lambda _: approve()."
    )
    assert faults(model=model, of=plain, decisions={"pays": approve()}) == (words, words)
    assert faults(model=model, of=gated, decisions={"pays": [approve()]}) == (words, words)
    for kit in (
        memory_kit(model=model, decisions={"pays": lambda _: approve()}),
        memory_kit(model=model, decisions={"pays": nobody()}),
    ):
        expect(kit.run(gated, INPUT)).completed()
        kit.stop()


def test_that_a_list_of_decisions_had_ended_or_came_too_late() -> None:
    agent = refund_agent(expires_in="2d")
    words = (
        "process_refund was asked for once more than its list of decisions is long, and that expired. Where that is "
        "meant, end the list with nobody()."
    )
    twice = [calls("process_refund", REFUND), *ASKS]
    assert faults(model=twice, of=agent, decisions={"process_refund": [reject("no")]}) == (words, words)
    words = (
        'after("3d", approve()) of process_refund came to nothing: the approval had expired by then. Where that is '
        "meant, write nobody() in its place."
    )
    assert faults(model=ASKS, of=agent, decisions={"process_refund": [after("3d", approve())]}) == (words, words)


def test_that_one_list_of_turns_was_to_serve_two_agents() -> None:
    desk = Agent(name="desk", model=MODEL, tools=[agent_tool(AGENT, description="Refunds.")])
    words = (
        "The model was asked in a run of refund_agent, and the script's turns are those of desk. Give the turns by "
        'agent: model={"desk": [...], "refund_agent": [...]}.'
    )
    model = [calls("refund_agent", {"input": "Refund"}), says("Done.")]
    assert faults(model=model, of=desk) == (words, words)


def test_how_the_run_ended_where_that_left_turns_over_and_equal_turns_once() -> None:
    of_run, of_kit = faults(model=[says("Done."), *[fails("no")] * 3])
    assert of_run == of_kit == 'The model was not asked for turn 2 of the script another 3 times: fails("no").'
    of_run, _ = faults(model=[fails("no", again=False), says("Done.")])
    assert of_run.startswith("The run is FAILED (MODEL_FAILED: ")


def test_names_of_tools_that_no_agent_has() -> None:
    ask = human_tool(name="ask_customer", description="Asks.")
    agent = Agent(name="payer", model=MODEL, tools=[tool(pays), ask])
    for options, words in (
        ({"tools": {"pay": pays}}, 'tools has "pay", and no tool of payer has that name. Did you mean pays?'),
        (
            {"decisions": {"wire": approve()}},
            'decisions has "wire", and no tool of payer has that name. Their tools are pays, ask_customer.',
        ),
        (
            {"tools": {"ask_customer": pays}},
            "tools cannot stand in for ask_customer, which asks people: say in decisions what they answer, as "
            "respond(answer).",
        ),
    ):
        some: Any = options
        with memory_kit(model=[], **some) as kit, pytest.raises(KitError) as told:
            kit.start(agent, INPUT)
        assert str(told.value) == words


def test_a_test_decides_before_the_script_does_and_says_which_of_several() -> None:
    with memory_kit(model=ASKS, decisions={"process_refund": after("1d", approve())}) as kit:
        run = kit.start(AGENT, INPUT)
        assert run.waiting("process_refund").arguments == REFUND
        run.reject("not today", "process_refund")
        expect(run.result()).rejected("process_refund", "not today")
    half = {**REFUND, "amount": 1}
    with memory_kit(model=[calls("process_refund", REFUND).and_("process_refund", half), says("Done.")]) as kit:
        run = kit.start(AGENT, INPUT)
        with pytest.raises(KitError, match=r'say which of them, as tool_name="process_refund", or by approval_id'):
            run.approve()
        second = next(one for one in run.status().pending_approvals if one.arguments["amount"] == 1)
        run.approve(approval_id=second.approval_id)
        run.reject("too much")
        expect(run.result()).completed().used_tool("process_refund", half)
    with pytest.raises(KitError, match=r"^The kit was stopped\."):
        kit.run(AGENT, INPUT)
