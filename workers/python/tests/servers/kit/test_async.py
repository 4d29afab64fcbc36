"""The kit in an event loop: the twins in _async, and tools that run in it."""

from __future__ import annotations

import asyncio

from agentspan.agents import Agent, tool
from agentspan.agents.testing import approve, calls, expect, memory_kit, reject, says
from tests.servers.kit.refund_agent import MODEL, REFUND, refund_agent


def test_a_run_of_an_async_tool_in_an_event_loop() -> None:
    loops: list[asyncio.AbstractEventLoop] = []

    @tool(approval_required=True)
    async def pay(amount: float) -> dict[str, float]:
        """Pays."""
        loops.append(asyncio.get_running_loop())
        return {"paid": amount}

    async def testing() -> None:
        payer = Agent(name="payer", model=MODEL, tools=[pay])
        model = [calls("pay", {"amount": 3}), says("Paid.")]
        async with memory_kit(model=model, decisions={"pay": approve()}) as kit:
            expect(await kit.run_async(payer, "Pay")).completed().approved("pay")
            assert loops == [asyncio.get_running_loop()]
        async with memory_kit(model=model, tools={"pay": instead}) as kit:
            run = await kit.start_async(payer, "Pay")
            await run.waiting_async("pay")
            before = await kit.now_async()
            await kit.advance_async("2d")
            assert (await kit.now_async() - before).days == 2
            assert (await run.status_async()).is_waiting
            await run.approve_async(by="maria")
            expect(await run.result_async()).completed().approved("pay", "maria").output("Paid.")
            assert (await kit.tested_async(run.run_id)).calls[0].outcome == (await run.so_far_async()).calls[0].outcome
            await kit.stop_async()

    async def instead(amount: float) -> dict[str, float]:
        loops.append(asyncio.get_running_loop())
        return {"instead": amount}

    asyncio.run(testing())
    assert len(set(loops)) == 1
    assert len(loops) == 2


def test_decisions_in_an_event_loop() -> None:
    async def testing() -> None:
        model = [*[calls("process_refund", REFUND)] * 3, calls("ask_customer", {"question": "Size?"}), says("Done.")]
        async with memory_kit(model=model, decisions={}) as kit:
            run = await kit.start_async(refund_agent(), "Refund ORD-8821")
            await run.reject_async("not yet")
            await run.approve_with_async({**REFUND, "amount": 1}, "process_refund")
            await run.respond_async({"refunded": "by hand"}, "process_refund")
            await run.respond_async({"size": "M"}, "ask_customer")
            result = await run.result_async()
            expect(result).completed().rejected("process_refund", "not yet").answered("ask_customer")
            await kit.stop_async()
        async with memory_kit(model=[calls("process_refund", REFUND)], decisions={"process_refund": []}) as kit:
            run = await kit.start_async(refund_agent(), "Refund ORD-8821")
            await run.waiting_async()
            await run.cancel_async("enough")
            expect(await run.result_async()).status("CANCELLED")

    asyncio.run(testing())
    assert reject("x").text == 'reject("x")'
