"""What a worker calls in place of a tool's function, and what of it is told to the kit."""

from __future__ import annotations

import asyncio
from typing import Any
from unittest.mock import AsyncMock

import pytest

from agentspan.agents import Tool, ToolContext, tool
from agentspan.agents.testing import worker_lost
from agentspan.agents.testing.kit_functions import FunctionsInProgress, call_aside
from agentspan.agents.testing.kit_tools import KitHooks
from agentspan.agents.testing.kit_verdicts import Verdicts
from agentspan.worker.task_run import run_task
from agentspan.worker.worker_parts import WorkerEndedError
from tests.unit.fake_link import ACCEPTED, Bench, grant


@tool
def pay(amount: float, to: str = "alex") -> str:
    """Pays."""
    return f"{amount:g} to {to}"


def ran(of: Tool[..., Any], instead: Any = None) -> tuple[str, FunctionsInProgress, Bench]:
    """What is reported of a call of the tool."""
    functions = FunctionsInProgress()
    bench = Bench(of, claim=[grant("pay", {"amount": 3, "to": "maria"}, proof=False)], complete=[ACCEPTED])
    hooks = KitHooks(functions, {} if instead is None else {"pay": instead}, Verdicts())
    object.__setattr__(bench.parts, "hooks", hooks)
    asyncio.run(run_task(bench.parts, bench.task))
    return bench.link.requests("complete")[0].result_json, functions, bench


async def a_paying_one(amount: float, about: ToolContext) -> str:
    return f"{amount:g} for {about.call_id}"


async def a_later_one(amount: float) -> float:
    return amount + 1


@pytest.mark.parametrize(
    ("instead", "told"),
    [
        (None, '"3 to maria"'),
        (lambda amount, to: [amount, to], '[3.0,"maria"]'),
        (lambda **all_of_them: all_of_them, '{"amount":3.0,"to":"maria"}'),
        (lambda to: to, '"maria"'),
        (lambda: "nothing", '"nothing"'),
        (a_paying_one, '"3 for t1c1"'),
        (AsyncMock(return_value=[1]), "[1]"),
        (lambda amount: a_later_one(amount), "4.0"),
    ],
)
def test_calls_something_else_with_the_arguments_that_it_takes(instead: Any, told: str) -> None:
    result, functions, _ = ran(pay, instead)
    assert (result, functions.oldest) == (told, None)


def test_counts_what_runs_for_as_long_as_it_does() -> None:
    seen: list[str] = []
    functions = FunctionsInProgress()
    bench = Bench(pay, claim=[grant("pay", {"amount": 3}, proof=False)], complete=[ACCEPTED])

    def instead() -> None:
        oldest = functions.oldest
        seen.append("" if oldest is None else oldest.name)

    object.__setattr__(bench.parts, "hooks", KitHooks(functions, {"pay": instead}, Verdicts()))
    asyncio.run(run_task(bench.parts, bench.task))
    assert (seen, functions.oldest) == (["pay"], None)


async def lost_later() -> None:
    try:
        worker_lost()
    except Exception:  # noqa: BLE001 - as tools have it, and the loss is none
        return


@pytest.mark.parametrize("instead", [worker_lost, lambda: worker_lost(), lost_later])
def test_says_nothing_more_of_a_call_whose_worker_is_lost(instead: Any) -> None:
    functions = FunctionsInProgress()
    bench = Bench(pay, claim=[grant("pay", {"amount": 3}, proof=False)])
    object.__setattr__(bench.parts, "hooks", KitHooks(functions, {"pay": instead}, Verdicts()))
    with pytest.raises(WorkerEndedError, match="The worker of pay is lost, as the test wants it"):
        asyncio.run(run_task(bench.parts, bench.task))
    assert functions.lost_a_worker
    assert bench.link.requests("complete") == bench.link.requests("release") == []


def test_reports_what_a_function_raises_as_a_worker_does() -> None:
    def broken() -> None:
        raise OSError("closed")

    functions = FunctionsInProgress()
    bench = Bench(pay, claim=[grant("pay", {"amount": 3}, proof=False)], complete=[ACCEPTED])
    object.__setattr__(bench.parts, "hooks", KitHooks(functions, {"pay": broken}, Verdicts()))
    asyncio.run(run_task(bench.parts, bench.task))
    assert bench.link.requests("complete")[0].failure.message == "closed"
    assert not functions.lost_a_worker


def test_calls_a_function_of_a_script_aside_of_the_event_loop() -> None:
    async def later(value: int) -> int:
        return value + 1

    async def test() -> list[Any]:
        return [await call_aside(lambda value: value + 1, 1), await call_aside(later, 1)]

    assert asyncio.run(test()) == [2, 2]
    with pytest.raises(ZeroDivisionError):
        asyncio.run(call_aside(lambda value: value / 0, 1))
