"""What functions of a test say of the test itself: the test hears it, and no run takes it for an outcome."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

import pytest

from agentspan.agents.testing import Kit, KitError, approve, calls, expect, memory_kit, says
from tests.servers.kit.refund_agent import REFUND, Till, desk_agent, refund_agent

INPUT = "Refund order ORD-8821"
REFUNDS = [calls("process_refund", REFUND), says("Done.")]
APPROVED = {"process_refund": approve()}


def asserts(**given: object) -> Any:
    assert given is None, "not so much"


async def asserts_later(**_: object) -> Any:
    asserts()


def fails(**_: object) -> Any:
    pytest.fail("never called")


def skips(**_: object) -> Any:
    pytest.skip("not here")


FUNCTIONS: list[tuple[Callable[..., Any], type[BaseException], str]] = [
    (asserts, AssertionError, "not so much"),
    (asserts_later, AssertionError, "not so much"),
    (fails, pytest.fail.Exception, "never called"),
    (skips, pytest.skip.Exception, "not here"),
]


def kit_with(function: Callable[..., Any], where: str) -> Kit:
    """A kit that has this function in one of its places."""
    if where == "tool":
        return memory_kit(model=REFUNDS, decisions=APPROVED, tools={"process_refund": function})
    if where == "turn":
        return memory_kit(model=[lambda _: function()])
    return memory_kit(model=REFUNDS, decisions={"process_refund": lambda _: function()})


@pytest.mark.parametrize("where", ["tool", "turn", "decision"])
@pytest.mark.parametrize(("function", "kind", "message"), FUNCTIONS, ids=[one[0].__name__ for one in FUNCTIONS])
def test_is_raised_where_the_run_is_waited_for(
    function: Callable[..., Any], kind: type[BaseException], message: str, where: str
) -> None:
    with kit_with(function, where) as kit:
        with pytest.raises(kind, match=message) as told:
            kit.run(refund_agent(), INPUT)
        # At the line of the test that has it, and once.
        frames = [frame.name for frame in traceback.extract_tb(told.value.__traceback__)]
        assert function.__name__ in frames
        assert "call_here" not in frames


def test_is_raised_by_stop_where_nobody_waited_for_the_run() -> None:
    kit = memory_kit(model=REFUNDS, decisions=APPROVED, tools={"process_refund": asserts})
    kit.start(refund_agent(), INPUT).handle.result()
    with pytest.raises(AssertionError, match="not so much"):
        kit.stop()


def test_is_raised_for_runs_that_a_run_started() -> None:
    model = {"desk": [calls("refund_agent", {"input": INPUT}), says("Done.")], "refund_agent": REFUNDS}
    with (
        memory_kit(model=model, decisions=APPROVED, tools={"process_refund": asserts}) as kit,
        pytest.raises(AssertionError, match="not so much"),
    ):
        kit.run(desk_agent(Till()), INPUT)


def test_says_that_a_function_in_place_of_a_tool_cannot_be_called_as_one() -> None:
    with (
        memory_kit(model=REFUNDS, decisions=APPROVED, tools={"process_refund": lambda args: args}) as kit,
        pytest.raises(KitError) as told,
    ):
        kit.run(refund_agent(), INPUT)
    assert str(told.value) == (
        "The function in the kit's tools for process_refund cannot be called: missing a required argument: 'args'. It "
        "is called with the arguments of the tool by their names: order_id, amount."
    )
    with pytest.raises(KitError, match=r"^The kit's tools have 'stub' for process_refund: write a function that is"):
        memory_kit(model=[], tools={"process_refund": "stub"})  # type: ignore[dict-item]


def test_lets_tools_of_the_agent_itself_fail_as_they_do() -> None:
    agent = refund_agent(failures=1)
    with memory_kit(model=[calls("get_order", {"order_id": "ORD-8821"}), says("Done.")]) as kit:
        expect(kit.run(agent, INPUT)).completed().used_tool("get_order")
