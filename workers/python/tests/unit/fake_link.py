"""The server of the worker protocol as a worker meets it, in this process: what it answers is written down."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message

from agentspan.agents import Tool
from agentspan.agents.canonical_json import canonical_arguments
from agentspan.v1 import worker_pb2
from agentspan.worker.clock import Clock, Instant
from agentspan.worker.task_in_hand import TaskInHand, task_in_hand
from agentspan.worker.task_message import TaskMessage
from agentspan.worker.tool_runner import ToolRunner
from agentspan.worker.worker_parts import WorkerIdentity, WorkerParts

RUN, CALL, WORKER = "run_1", "t1c1", "worker-1"
GRANTED_MS = 1_798_761_600_250

Answer = Message | None | Callable[[Any], Message | None]


class FakeClock(Clock):
    """Stands still unless a test moves it."""

    def __init__(self) -> None:
        self.at = Instant(100.0, GRANTED_MS / 1000)

    def now(self) -> Instant:
        return self.at

    def move(self, monotonic: float, wall: float | None = None) -> None:
        further = monotonic if wall is None else wall
        self.at = Instant(self.at.monotonic + monotonic, self.at.wall + further)


class FakeLink:
    """Answers in order, and keeps what it was asked and told."""

    max_payload = 1024 * 1024

    def __init__(self, answers: dict[str, list[Answer]]) -> None:
        self._answers = answers
        self.asked: list[tuple[str, Any, str | None]] = []
        self.told: list[str] = []

    async def ask(
        self, verb: str, request: Message, answer: type[Any], *, timeout: float, orchestrator_id: str | None = None
    ) -> Any:
        self.asked.append((verb, request, orchestrator_id))
        # The answer to a test that asks more than it wrote down is a failure, and not an endless wait.
        prepared = self._answers[verb].pop(0)
        await asyncio.sleep(0)
        return prepared(request) if callable(prepared) else prepared

    def publish(self, subject: str, body: bytes) -> None:
        self.told.append(body.decode())

    def requests(self, verb: str) -> list[Any]:
        return [request for asked, request, _ in self.asked if asked == verb]


class Bench:
    """One task of one tool."""

    def __init__(self, tool: Tool[..., Any], trusted: Any = None, **answers: list[Answer]) -> None:
        self.link = FakeLink(answers)
        self.clock = FakeClock()
        self.registered: list[str] = []
        self.parts = WorkerParts(
            identity=WorkerIdentity(WORKER, "inc_1", "default"),
            link=self.link,  # type: ignore[arg-type]
            runner=ToolRunner(),
            clock=self.clock,
            trusted_keys=trusted,
            permit=None,
            register_soon=lambda: self.registered.append("soon"),
            register_now=self._register_now,
        )
        hint = worker_pb2.TaskHint(run_id=RUN, call_id=CALL, attempt=1, orchestrator_id="orc_1")
        message = TaskMessage(hint.SerializeToString(), "$JS.ACK.x", self.link)
        self.task: TaskInHand = task_in_hand(hint, tool, message)
        self.task.nonce = "3b1f0c8e9a5d4b7786d2f0a1c4e5b697"

    async def _register_now(self) -> None:
        self.registered.append("now")


def grant(tool: str, arguments: dict[str, Any], *, proof: bool = True, **changes: Any) -> worker_pb2.ClaimResponse:
    """The grant of a call that somebody approved."""
    read = canonical_arguments(json.dumps(arguments))
    granted = worker_pb2.Grant(
        tool_name=tool,
        arguments_json=read.text,
        arguments_digest=read.digest,
        idempotency_key=f"{RUN}-{CALL}",
        guarded=proof,
    )
    if proof:
        granted.proof.MergeFrom(
            worker_pb2.Proof(
                run_id=RUN,
                call_id=CALL,
                attempt=1,
                nonce="3b1f0c8e9a5d4b7786d2f0a1c4e5b697",
                worker_id=WORKER,
                arguments_digest=read.digest,
                approval_id="apr_1",
                decision_id="dec_1",
            )
        )
        granted.proof.granted_at.FromMilliseconds(GRANTED_MS)
        granted.proof.expires_at.FromMilliseconds(GRANTED_MS + 30_000)
    for name, value in changes.items():
        on, _, field = name.rpartition("__")
        setattr(granted.proof if on else granted, field, value)
    return worker_pb2.ClaimResponse(grant=granted, orchestrator_id="orc_2")


def refusal(reason: str) -> worker_pb2.ClaimResponse:
    return worker_pb2.ClaimResponse(refusal=worker_pb2.Refusal(reason=f"REFUSAL_REASON_{reason}"))


def error(answer: type[Any], reason: str, retry_ms: int | None = None) -> Any:
    """An answer that something was not carried out."""
    failed = worker_pb2.WorkerError(reason=reason, message="in words")
    if retry_ms is not None:
        after = Duration()
        after.FromMilliseconds(retry_ms)
        failed.retry_after.CopyFrom(after)
    return answer(error=failed)


ACCEPTED = worker_pb2.CompleteResponse(status=worker_pb2.COMPLETION_STATUS_ACCEPTED)
RELEASED = worker_pb2.ReleaseResponse(released=True)
