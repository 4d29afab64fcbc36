import asyncio

import pytest

from agentspan.agents.within import within


async def after(seconds: float, value: str) -> str:
    await asyncio.sleep(seconds)
    return value


def test_gives_a_result_in_time_and_raises_otherwise() -> None:
    async def scenario() -> None:
        assert await within(5, after(0, "done")) == "done"
        assert await within(None, after(0, "done")) == "done"
        ended: list[str] = []

        async def waits() -> None:
            try:
                await asyncio.sleep(60)
            finally:
                ended.append("cancelled")

        with pytest.raises(asyncio.TimeoutError):
            await within(0.01, waits())
        assert ended == ["cancelled"]

    asyncio.run(scenario())


def test_loses_no_cancellation_to_a_result_that_comes_at_the_same_instant() -> None:
    async def scenario() -> None:
        discarded: list[str] = []
        came: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        waiting = asyncio.ensure_future(within(60, came, discard=discarded.append))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        came.set_result("too late")
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await asyncio.sleep(0)
        assert discarded == ["too late"]

    asyncio.run(scenario())
