"""Tells the server what is served here."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from agentspan import __version__
from agentspan.agents.errors import START_WITH, AgentspanError, reason_of
from agentspan.agents.within import within
from agentspan.v1 import worker_pb2
from agentspan.worker.ask_until_answered import ask_until_answered
from agentspan.worker.served_tools import ServedTool
from agentspan.worker.worker_parts import WorkerParts


async def register(
    parts: WorkerParts, tools: Sequence[ServedTool], patience: float, ended: asyncio.Event
) -> worker_pb2.RegisterResponse:
    """Until it answers, for so many seconds.

    Raises AgentspanError where it refuses for good, and WorkerEndedError where the worker ends first.
    """
    request = worker_pb2.RegisterRequest(
        **parts.identity.fields,
        language="python",
        sdk_version=__version__,
        tools=[served.declared() for served in tools],
        permit=parts.permit,
    )
    asking = ask_until_answered(parts.link, "register", request, worker_pb2.RegisterResponse, ended=ended)
    try:
        answer = await within(None if patience == float("inf") else patience, asking)
    except asyncio.TimeoutError:
        message = f"NATS answers, but no Agentspan server listens there. Is the server running? {START_WITH}"
        raise AgentspanError("BUS_UNAVAILABLE", message) from None
    if not answer.HasField("error"):
        return answer
    reason = reason_of(answer.error.reason) or "INTERNAL"
    raise AgentspanError(reason, f"The server did not take this worker: {answer.error.message}")
