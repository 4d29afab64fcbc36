from __future__ import annotations

import asyncio

from agentspan.agents import tool
from agentspan.v1 import worker_pb2
from agentspan.worker.task_desk import TaskDesk
from agentspan.worker.task_message import TaskMessage
from tests.unit.fake_link import Bench

GONE = worker_pb2.ClaimResponse(
    refusal=worker_pb2.Refusal(reason=worker_pb2.RefusalReason.REFUSAL_REASON_NOT_FOUND), orchestrator_id="orc_1"
)


@tool
def get_order(order_id: str) -> str:
    """Look up an order by ID."""
    return order_id


def hint(bench: Bench, call: str) -> TaskMessage:
    told = worker_pb2.TaskHint(run_id="run_1", call_id=call, attempt=1)
    return TaskMessage(told.SerializeToString(), f"$JS.ACK.{call}", bench.link)


def test_has_no_room_from_the_moment_in_which_it_takes_a_hint() -> None:
    async def play() -> tuple[list[int], list[int]]:
        bench = Bench(get_order, claim=[GONE, GONE])
        room: list[int] = []
        desk = TaskDesk(1, on_room=lambda: room.append(desk.room))
        seen = [desk.room]
        for call in ("t1c1", "t1c2"):
            desk.take(bench.parts, get_order, hint(bench, call))
            seen.append(desk.room)
        await desk.idle()
        return [*seen, desk.room], room

    seen, told = asyncio.run(play())
    assert seen == [1, 0, 0, 1]
    # Whoever asks for more is told when there is room, and not before.
    assert told == [0, 1]
