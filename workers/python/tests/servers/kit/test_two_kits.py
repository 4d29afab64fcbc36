"""Two kits of one agent: neither serves the other's runs, nor answers for its model."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from agentspan.agents import Agent, tool
from agentspan.agents.testing import Kit, KitError, LocalServer, approve, calls, expect, memory_kit, says
from tests.servers.kit.refund_agent import MODEL, REFUND, Till, refund_agent

INPUT = "Refund order ORD-8821"


def kit_that_pays(what: Any = None, says_last: str = "Done.", **options: Any) -> Kit:
    """Its process_refund gives this; the agent's own runs where there is none."""
    instead = {} if what is None else {"process_refund": lambda: what}
    decisions = {"process_refund": approve()}
    model = [calls("process_refund", REFUND), says(says_last)]
    return memory_kit(model=model, decisions=decisions, tools=instead, **options)


def paid(kit: Kit, agent: Agent) -> Any:
    """What the refund of a run gave, and what the run did."""
    run = kit.run(agent, INPUT)
    expect(run).completed().used_tool("process_refund").no_errors()
    outcome = run.calls[0].outcome
    assert outcome is not None
    assert outcome.kind == "result"
    return outcome.value, run.output["result"]


def test_a_kit_that_was_not_ended_leaves_the_tools_and_the_model_to_the_next_one() -> None:
    agent = refund_agent()
    leaked = kit_that_pays("leaked", "By the first.")
    assert paid(leaked, agent) == ("leaked", "By the first.")
    with kit_that_pays("stub", "By the second.") as kit:
        assert paid(kit, agent) == ("stub", "By the second.")
        kit.stop()
    till = Till()
    with kit_that_pays() as kit:
        paid(kit, refund_agent(till))
    assert till.refunds == [REFUND]
    leaked.stop()


def test_two_open_kits_take_turns() -> None:
    agent = refund_agent()
    with kit_that_pays("one", "By one.") as one, kit_that_pays("two", "By two.") as two:
        for _ in range(2):
            assert paid(one, agent) == ("one", "By one.")
            assert paid(two, agent) == ("two", "By two.")


def test_a_run_that_goes_on_keeps_its_kit_and_the_other_is_told_where_that_was_made() -> None:
    agent = refund_agent()
    with memory_kit(model=[calls("process_refund", REFUND), says("Done.")]) as first:
        line = inspect.getlineno(inspect.currentframe())  # type: ignore[arg-type]
        waits = first.start(agent, INPUT)
        waits.waiting()
        with kit_that_pays("stub") as second:
            with pytest.raises(KitError) as told:
                second.run(agent, INPUT)
            assert str(told.value) == (
                f"The kit made at {__file__}:{line - 1} has a run that has not ended ({waits.run_id}), and serves "
                "agent refund_agent: two kits at once would serve each other's runs. End that kit with its test, as "
                "`with memory_kit(...) as kit:` and the fixture agentspan_kit do, or give its agent another name, "
                "and other instructions."
            )
            # Nor does it answer for the model of the run that goes on.
            waits.approve()
            expect(waits.result()).completed().output("Done.")
            assert paid(second, agent)[0] == "stub"


def test_agents_of_another_name_with_tools_and_words_of_their_own_go_on_beside_each_other() -> None:
    @tool(approval_required=True)
    def pay(amount: int) -> str:
        """Pays."""
        return "paid"

    other = Agent(name="payer", model=MODEL, tools=[pay], instructions="You pay.")
    with (
        memory_kit(model=[calls("process_refund", REFUND), says("Done.")]) as first,
        memory_kit(model=[calls("pay", {"amount": 1}), says("Paid.")]) as second,
    ):
        one, two = first.start(refund_agent(), INPUT), second.start(other, "Pay")
        one.approve()
        two.approve()
        expect(one.result()).completed().output("Done.")
        expect(two.result()).completed().output("Paid.")


def test_on_a_real_server_too(local_server: LocalServer) -> None:
    model = [calls("process_refund", REFUND), says("Done.")]
    decisions = {"process_refund": approve()}
    agent = refund_agent()
    with local_server.kit(model=model, decisions=decisions) as first:
        paid(first, agent)
        with local_server.kit(model=model, decisions=decisions, tools={"process_refund": lambda: "stub"}) as second:
            assert paid(second, agent)[0] == "stub"
        assert paid(first, agent)[0] != "stub"
