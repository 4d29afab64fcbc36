"""One task from its hint to its answered outcome, against answers that are written down."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest

from agentspan.agents import TerminalError, ToolContext, tool
from agentspan.signing import TrustedKeys
from agentspan.signing.trusted_keys import from_base64url
from agentspan.v1 import worker_pb2
from agentspan.worker.task_run import run_task
from agentspan.worker.worker_parts import WorkerEndedError
from tests.unit.fake_link import ACCEPTED, RELEASED, Bench, error, grant, refusal
from tests.unit.test_signing import trusted_text
from tests.vectors import vectors

Claim = worker_pb2.ClaimResponse
REFUND = {"amount": 29.99, "order_id": "ORD-8821"}
calls: list[dict[str, Any]] = []


@pytest.fixture(autouse=True)
def _no_calls() -> None:
    calls.clear()


@tool(approval_required=True)
def process_refund(order_id: str, amount: float, about: ToolContext) -> dict[str, Any]:
    """Issue a refund."""
    calls.append({"order_id": order_id, "amount": amount, "key": about.idempotency_key})
    return {"refunded": amount}


@tool
def get_order(order_id: str) -> dict[str, Any]:
    """Look up an order by ID."""
    if order_id == "final":
        raise TerminalError("no such order")
    if order_id == "again":
        raise OSError("closed")
    if order_id == "none":
        raise KeyError("order")
    if order_id == "wordless":
        raise OSError
    if order_id == "unwritable":
        return {"order_id": order_id, "amount": [math.nan]}
    return {"order_id": order_id}


def run(bench: Bench) -> Bench:
    asyncio.run(run_task(bench.parts, bench.task))
    return bench


def released(bench: Bench) -> tuple[str, str]:
    (request,) = bench.link.requests("release")
    assert calls == []
    assert bench.link.requests("complete") == []
    return worker_pb2.ReleaseReason.Name(request.reason).removeprefix("RELEASE_REASON_"), request.detail


def test_claims_acknowledges_runs_and_completes() -> None:
    bench = run(Bench(process_refund, claim=[grant("process_refund", REFUND)], complete=[ACCEPTED]))
    assert calls == [{**REFUND, "key": "run_1-t1c1"}]
    assert bench.link.told == ["+ACK"]
    assert [(verb, to) for verb, _, to in bench.link.asked] == [("claim", "orc_1"), ("complete", "orc_2")]
    claimed, completed = bench.link.requests("claim")[0], bench.link.requests("complete")[0]
    assert (claimed.worker_id, claimed.incarnation, claimed.namespace) == ("worker-1", "inc_1", "default")
    assert claimed.nonce == completed.nonce == bench.task.nonce
    assert completed.result_json == '{"refunded":29.99}'
    assert completed.arguments_digest.startswith("sha256:7589769f")


def test_repeats_what_is_not_answered_as_it_was() -> None:
    later = error(Claim, "STORE_UNAVAILABLE", retry_ms=1)
    granted = grant("process_refund", REFUND)
    bench = run(Bench(process_refund, claim=[None, later, granted], complete=[None, None, ACCEPTED]))
    assert len(calls) == 1
    assert bench.link.told == ["+WPI", "+WPI", "+ACK"]
    # The one that knows the run first, then any.
    assert [to for verb, _, to in bench.link.asked if verb == "complete"] == ["orc_2", None, None]
    claims, completions = bench.link.requests("claim"), bench.link.requests("complete")
    assert claims[0] == claims[1] == claims[2]
    assert completions[0] == completions[1] == completions[2]


@pytest.mark.parametrize("reason", ["TAKEN", "ENDED", "CANCELLED", "PAUSED", "GATED", "NOT_FOUND"])
def test_acknowledges_a_refusal_and_does_nothing(reason: str) -> None:
    bench = run(Bench(process_refund, claim=[refusal(reason)]))
    assert (bench.link.told, calls) == (["+ACK"], [])


def test_registers_again_and_puts_the_hint_back_where_the_server_does_not_know_it() -> None:
    bench = run(Bench(process_refund, claim=[error(Claim, "PERMISSION_DENIED")]))
    assert bench.registered == ["soon"]
    assert bench.link.told == ['-NAK {"delay": 1000000000}']


def test_tells_an_outcome_again_after_it_has_registered() -> None:
    unknown = error(worker_pb2.CompleteResponse, "PERMISSION_DENIED")
    bench = run(Bench(process_refund, claim=[grant("process_refund", REFUND)], complete=[unknown, ACCEPTED]))
    assert bench.registered == ["now"]
    assert len(calls) == 1


def test_hands_back_a_claim_that_was_refused_after_it_was_repeated() -> None:
    bench = run(Bench(process_refund, claim=[None, error(Claim, "INTERNAL")], release=[RELEASED]))
    assert released(bench)[0] == "TOO_LATE"
    assert bench.link.told[-1] == "+ACK"


@pytest.mark.parametrize(
    ("changes", "reason", "detail"),
    [
        ({"arguments_json": '{"amount":1,"order_id":"ORD-8821"}'}, "NO_PROOF", "not those of the digest"),
        ({"proof__approval_id": ""}, "NO_PROOF", "needs an approval"),
        ({"proof__nonce": "another"}, "NO_PROOF", "another nonce"),
        ({"proof__run_id": "run_2"}, "NO_PROOF", "another run_id"),
        ({"proof__call_id": "t2c1"}, "NO_PROOF", "another call_id"),
        ({"proof__attempt": 2}, "NO_PROOF", "another attempt"),
        ({"proof__worker_id": "worker-2"}, "NO_PROOF", "another worker_id"),
        ({"proof__arguments_digest": "sha256:0"}, "NO_PROOF", "another arguments_digest"),
        ({"tool_name": "get_order"}, "INCOMPATIBLE", 'served here is "process_refund"'),
    ],
)
def test_hands_back_what_is_not_proved(changes: dict[str, Any], reason: str, detail: str) -> None:
    bench = run(Bench(process_refund, claim=[grant("process_refund", REFUND, **changes)], release=[RELEASED]))
    got, words = released(bench)
    assert got == reason
    assert detail in words
    assert bench.link.told == ["+ACK"]


def test_hands_back_a_gated_call_without_a_proof_whatever_the_grant_says() -> None:
    bench = Bench(process_refund, claim=[grant("process_refund", REFUND, proof=False)], release=[RELEASED])
    assert released(run(bench)) == ("NO_PROOF", "the tool is guarded and the grant has no proof")


def test_hands_back_arguments_that_its_own_schema_refuses() -> None:
    granted = grant("process_refund", {"order_id": "ORD-8821", "amount": "29.99"})
    got, words = released(run(Bench(process_refund, claim=[granted], release=[RELEASED])))
    assert got == "INCOMPATIBLE"
    assert "/amount" in words


@pytest.mark.parametrize("passed", [(3.5, 0.0), (0.0, 3.5), (0.0, -3.5)])
def test_begins_no_guarded_call_late_by_either_clock(passed: tuple[float, float]) -> None:
    bench = Bench(process_refund, release=[RELEASED])

    def late(_: Any) -> worker_pb2.ClaimResponse:
        bench.clock.move(*passed)
        return grant("process_refund", REFUND)

    bench.link._answers["claim"] = [late]
    assert released(run(bench))[0] == "TOO_LATE"


def test_begins_a_plain_call_late() -> None:
    bench = Bench(get_order, complete=[ACCEPTED])

    def late(_: Any) -> worker_pb2.ClaimResponse:
        bench.clock.move(60)
        return grant("get_order", {"order_id": "a"}, proof=False)

    bench.link._answers["claim"] = [late]
    assert run(bench).link.requests("complete")[0].result_json == '{"order_id":"a"}'


def test_begins_nothing_once_it_shuts_down_or_was_told_to_stop() -> None:
    for stop, reason in (("draining", "SHUTTING_DOWN"), ("cancelled", "TOO_LATE")):
        bench = Bench(process_refund, claim=[grant("process_refund", REFUND)], release=[RELEASED])
        if stop == "draining":
            bench.parts.draining.set()
        else:
            bench.task.cancelled.set("told to")
        assert released(run(bench))[0] == reason


@pytest.mark.parametrize(
    ("order", "retryable", "words"),
    [
        ("again", True, "closed"),
        ("final", False, "no such order"),
        ("none", True, "KeyError: 'order'"),
        ("wordless", True, "OSError"),
    ],
)
def test_reports_what_a_tool_raised(order: str, retryable: bool, words: str) -> None:
    granted = grant("get_order", {"order_id": order}, proof=False)
    bench = run(Bench(get_order, claim=[granted], complete=[ACCEPTED]))
    failure = bench.link.requests("complete")[0].failure
    assert (failure.retryable, failure.message) == (retryable, words)


def test_reports_and_logs_that_a_result_cannot_be_written(caplog: pytest.LogCaptureFixture) -> None:
    granted = grant("get_order", {"order_id": "unwritable"}, proof=False)
    bench = run(Bench(get_order, claim=[granted], complete=[ACCEPTED]))
    failure = bench.link.requests("complete")[0].failure
    words = "The tool returned, but its result cannot be written as JSON: NaN is a number that JSON does not have"
    assert (failure.retryable, failure.message) == (False, words)
    assert words in caplog.text


@pytest.mark.parametrize(
    ("arguments", "places"),
    [
        ({"amount": "secret", "order_id": "secret"}, "/amount"),
        ({"amount": 1}, "/order_id"),
        ({"amount": 1, "order_id": "secret", "other": "secret"}, "/other"),
    ],
)
def test_logs_which_arguments_do_not_fit_and_no_value(
    arguments: dict[str, Any], places: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    run(Bench(process_refund, claim=[grant("process_refund", arguments)], release=[RELEASED]))
    assert f"at={places} " in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    "answer",
    [
        worker_pb2.CompleteResponse(status=worker_pb2.COMPLETION_STATUS_STALE),
        worker_pb2.CompleteResponse(status=worker_pb2.COMPLETION_STATUS_LATE),
        worker_pb2.CompleteResponse(status=99),  # type: ignore[arg-type]
        error(worker_pb2.CompleteResponse, "INTERNAL"),
    ],
)
def test_tells_an_outcome_no_more_once_it_is_answered(answer: worker_pb2.CompleteResponse) -> None:
    bench = run(Bench(process_refund, claim=[grant("process_refund", REFUND)], complete=[answer]))
    assert len(bench.link.requests("complete")) == len(calls) == 1


@pytest.mark.parametrize(
    "answer",
    [
        Claim(),
        Claim(refusal=worker_pb2.Refusal(reason=99)),  # type: ignore[arg-type]
        Claim.FromString(b"\xa2\x1f\x03new"),
    ],
)
def test_begins_nothing_on_an_answer_that_it_does_not_know(answer: worker_pb2.ClaimResponse) -> None:
    bench = run(Bench(process_refund, claim=[answer]))
    assert (bench.link.told, calls) == (["+ACK"], [])


def test_gives_the_tool_every_value_that_the_text_says() -> None:
    got: list[Any] = []

    @tool
    def take(value: Any) -> None:
        """Take anything."""
        got.append(value)

    value = {"__proto__": [9007199254740994, 1e21, 1e-7, -0.5], "é": "€😀", "": None}
    granted = grant("take", {"value": value}, proof=False)
    run(Bench(take, claim=[granted], complete=[ACCEPTED]))
    assert got == [value]


def test_leaves_off_where_the_worker_has_ended() -> None:
    bench = Bench(process_refund, claim=[])
    bench.parts.ended.set()
    with pytest.raises(WorkerEndedError):
        run(bench)
    assert bench.link.told == []


def statement_grant(name: str, **changes: Any) -> tuple[worker_pb2.ClaimResponse, dict[str, Any]]:
    """A grant as a vector has it signed."""
    vector = next(one for one in vectors("signatures")["vectors"] if one["name"] == name)
    said = vector["statement"]
    answer = grant("process_refund", REFUND, proof=True)
    answer.grant.idempotency_key, answer.grant.guarded = said["idempotencyKey"], said["guarded"]
    proof = answer.grant.proof
    proof.run_id, proof.call_id, proof.worker_id = said["run"], said["call"], said["worker"]
    proof.approval_id, proof.decision_id = said["approval"], said["decision"]
    proof.checked_preview = said.get("preview", "")
    proof.granted_at.FromMilliseconds(said["grantedAt"])
    proof.expires_at.FromMilliseconds(said["expiresAt"])
    proof.key_id = vector["keyId"]
    proof.signature = from_base64url(vector["signature"])
    for field, value in changes.items():
        setattr(proof, field, value)
    return answer, said


GRANTS = [one["name"] for one in vectors("signatures")["vectors"] if one["purpose"] == "agentspan.grant.v1"]


def signed_bench(name: str, **changes: Any) -> Bench:
    answer, said = statement_grant(name, **changes)
    served = process_refund if said["guarded"] else tool(name="process_refund")(plain_refund)
    bench = Bench(served, TrustedKeys(trusted_text()), claim=[answer], complete=[ACCEPTED], release=[RELEASED])
    bench.task.run_id, bench.task.call_id = said["run"], said["call"]
    return bench


def plain_refund(order_id: str, amount: float) -> dict[str, Any]:
    """Issue a refund."""
    return {}


@pytest.mark.parametrize("name", GRANTS)
def test_believes_the_grants_of_the_vectors(name: str) -> None:
    bench = run(signed_bench(name))
    assert bench.link.requests("release") == []
    assert len(bench.link.requests("complete")) == 1


TRUE_SIGNATURES = {one["signature"] for one in vectors("signatures")["vectors"]}
# The others have a true signature of another text, which test_signing.py refuses.
FORGED = [one for one in vectors("signatures")["refused"] if one["signature"] not in TRUE_SIGNATURES]


@pytest.mark.parametrize("vector", [pytest.param(one, id=one["name"]) for one in FORGED])
def test_begins_no_grant_with_a_signature_of_the_vectors_that_must_be_refused(vector: dict[str, Any]) -> None:
    forged = signed_bench(GRANTS[0], key_id=vector["keyId"], signature=from_base64url(vector["signature"]))
    assert released(run(forged))[0] == "NO_PROOF"


def test_begins_no_grant_of_which_something_was_changed_after_it_was_signed() -> None:
    for field, value in {"decision_id": "dec_other", "checked_preview": "sha256:0", "approval_id": "apr_other"}.items():
        got, words = released(run(signed_bench(GRANTS[0], **{field: value})))
        assert got == "NO_PROOF"
        assert "is not of what it says" in words


@pytest.mark.parametrize("seconds", [31.0, -31.0])
def test_believes_no_grant_of_another_time(seconds: float) -> None:
    bench = signed_bench(GRANTS[0])
    bench.clock.move(0, seconds)
    (request,) = run(bench).link.requests("release")
    assert worker_pb2.ReleaseReason.Name(request.reason) == "RELEASE_REASON_NO_PROOF"
    assert "by this machine's clock" in request.detail


def test_believes_no_unsigned_grant_of_a_plain_tool_either() -> None:
    trusted = TrustedKeys(trusted_text())
    plain = grant("get_order", {"order_id": "a"}, proof=False)
    bench = run(Bench(get_order, trusted, claim=[plain], release=[RELEASED]))
    assert released(bench) == ("NO_PROOF", "the grant has no proof, and only signed ones count here")
