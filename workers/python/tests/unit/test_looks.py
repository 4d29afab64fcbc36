"""Probes and previews, from the refusal that asks for them to the answered answer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from agentspan.agents import DidNotHappen, Happened, Unknown, tool
from agentspan.v1 import approval_pb2, worker_pb2
from agentspan.worker.probe_run import NoAnswerError, answered
from agentspan.worker.task_run import run_task
from tests.unit.fake_link import ACCEPTED, Bench, grant, refusal


def run(bench: Bench) -> Bench:
    asyncio.run(run_task(bench.parts, bench.task))
    return bench


def probe_grant() -> worker_pb2.ClaimResponse:
    answer = grant("pay", {"amount": 1}, proof=False)
    answer.grant.probe = True
    return answer


@pytest.mark.parametrize(
    ("said", "verdict"),
    [(Happened({"paid": 1}, "seen"), "HAPPENED"), (DidNotHappen("not seen"), "DID_NOT_HAPPEN"), (Unknown(), "UNKNOWN")],
)
def test_asks_the_probe_where_nobody_knows(said: Any, verdict: str) -> None:
    asked: list[str] = []

    async def probe(amount: float) -> Any:
        asked.append(f"{amount}")
        return said

    @tool(once=True, probe=probe)
    def pay(amount: float) -> None:
        """Pay."""
        raise AssertionError("only its probe is asked")

    bench = run(Bench(pay, claim=[refusal("PROBE"), probe_grant()], complete=[ACCEPTED]))
    first, second = bench.link.requests("claim")
    assert (first.probe, second.probe) == (False, True)
    told = bench.link.requests("complete")[0].probe_answer
    assert approval_pb2.ProbeVerdict.Name(told.verdict) == f"PROBE_VERDICT_{verdict}"
    assert (told.detail, asked, bench.link.told) == (said.detail, ["1.0"], ["+ACK"])
    assert told.result_json == ('{"paid":1}' if verdict == "HAPPENED" else "")


@pytest.mark.parametrize("said", [None, True, {"happened": True}])
def test_takes_no_unclear_answer_of_a_probe_for_one(said: Any) -> None:
    with pytest.raises(NoAnswerError):
        answered(said, 1024)


@tool(once=True)
def pay_once(amount: float) -> None:
    """Pay."""


def test_leaves_a_probe_that_it_does_not_bring_to_others() -> None:
    bench = run(Bench(pay_once, claim=[refusal("PROBE")]))
    assert bench.link.told == ['-NAK {"delay": 1000000000}']


def preview_grant() -> worker_pb2.ClaimResponse:
    answer = grant("pay", {"amount": 1}, proof=False)
    answer.grant.idempotency_key = ""
    answer.grant.preview.number = 3
    answer.grant.preview.time_left.FromMilliseconds(100)
    return answer


def test_shows_what_a_call_would_do_or_why_not() -> None:
    slow = asyncio.Event

    async def sees(amount: float) -> Any:
        return {"after": amount}

    async def waits(amount: float) -> None:
        await slow().wait()

    def fails(amount: float) -> None:
        raise OSError("closed")

    def nothing(amount: float) -> None:
        return None

    def much(amount: float) -> str:
        return "x" * 70_000

    for look, shown, failed in (
        (sees, '{"after":1.0}', ""),
        (waits, "", "It took longer than 0.1 s."),
        (fails, "", "closed"),
        (nothing, "", "The preview returned nothing."),
        (much, "", "the limit is 65536"),
    ):

        @tool(approval_required=True, preview=look)
        def pay(amount: float) -> None:
            """Pay."""

        bench = run(Bench(pay, claim=[refusal("PREVIEW"), preview_grant()], complete=[ACCEPTED]))
        assert [request.preview for request in bench.link.requests("claim")] == [False, True]
        answer = bench.link.requests("complete")[0].preview_answer
        assert (answer.number, answer.content_json) == (3, shown)
        assert failed in answer.failure
        assert bool(failed) == bool(answer.failure)


def test_answers_that_it_brings_no_preview() -> None:
    @tool(approval_required=True)
    def pay(amount: float) -> None:
        """Pay."""

    bench = run(Bench(pay, claim=[refusal("PREVIEW"), preview_grant()], complete=[ACCEPTED]))
    assert "brings no preview" in bench.link.requests("complete")[0].preview_answer.failure
