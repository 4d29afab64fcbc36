"""Asks a tool's probe whether a lost attempt took effect, from the refusal that says so to the answered answer.

Nothing of it is guarded: a probe only looks, so it may run late, twice, or beside another worker's. Where it cannot
answer (it raises, its schema refuses the arguments, what it returns is no answer) nothing is said: the server announces
it again, and asks a person when its time is over. What is no clear answer is never taken for a no.
"""

from __future__ import annotations

from agentspan.agents.canonical_json import digest_of
from agentspan.agents.probe import DidNotHappen, Happened, ProbeContext, Unknown
from agentspan.agents.tool_context import call_logger
from agentspan.v1 import approval_pb2, worker_pb2
from agentspan.worker.claim import Granted, Unregistered, claim
from agentspan.worker.outcome import MESSAGE_BYTES, Outcome, cut, returned
from agentspan.worker.report import complete
from agentspan.worker.task_in_hand import LEFT_TO_OTHERS_S, TaskInHand
from agentspan.worker.tool_runner import Raised
from agentspan.worker.worker_parts import WorkerParts, logger, said


class NoAnswerError(Exception):
    """Why a probe says nothing."""


async def run_probe(parts: WorkerParts, task: TaskInHand) -> None:
    """Resolves when the server has answered, or nothing is to be said."""
    if task.tool.probe is None or parts.draining.is_set():
        task.give_hints_back(LEFT_TO_OTHERS_S)
        return
    claimed = await claim(parts, task, "probe")
    if isinstance(claimed, Unregistered):
        task.give_hints_back(LEFT_TO_OTHERS_S)
        return
    task.acknowledge_hints()
    if not isinstance(claimed, Granted):
        logger.debug("A claim of a probe was refused: %s  %s", claimed, said(task.fields))
        return
    task.begun = True
    try:
        outcome = await _ask(parts, task, claimed.grant)
    except (NoAnswerError, ValueError) as error:
        logger.error("A probe gave no answer; it will be asked again: %s  %s", error, said(task.fields))
        return
    digest = claimed.grant.arguments_digest
    await complete(parts, task, outcome, arguments_digest=digest, orchestrator_id=claimed.orchestrator_id)


async def _ask(parts: WorkerParts, task: TaskInHand, grant: worker_pb2.Grant) -> Outcome:
    if task.tool.probe is None or not grant.probe or grant.tool_name != task.tool_name:
        raise NoAnswerError("The server granted something else than a probe.")
    if grant.arguments_digest != digest_of(grant.arguments_json):
        raise NoAnswerError("The arguments are not of their digest.")
    context = ProbeContext(
        run_id=task.run_id,
        call_id=task.call_id,
        attempt=task.attempt,
        idempotency_key=grant.idempotency_key,
        cancelled=task.cancelled,
        logger=call_logger(logger, task.fields),
    )
    arguments = task.tool.schema.read(grant.arguments_json)
    probe = parts.hooks.function(task, "probe", task.tool.probe)
    ran = await parts.runner.run(probe, arguments, context, cancels=task.cancelled)
    if ran is None or isinstance(ran, Raised):
        raise NoAnswerError(repr(ran.error) if ran is not None else "It was not begun.")
    return answered(ran.value, parts.link.max_payload)


def answered(answer: object, max_payload: int) -> Outcome:
    """What a probe returned, as the server is told. Raises NoAnswerError where it is no answer."""
    if isinstance(answer, Unknown):
        return _answer(approval_pb2.PROBE_VERDICT_UNKNOWN, answer.detail)
    if isinstance(answer, DidNotHappen):
        return _answer(approval_pb2.PROBE_VERDICT_DID_NOT_HAPPEN, answer.detail)
    if not isinstance(answer, Happened):
        raise NoAnswerError(f"A probe returns Happened(result), DidNotHappen() or Unknown(), and not {answer!r}.")
    told = returned(answer.result, guarded=True, max_payload=max_payload)
    if "result_json" not in told:
        raise NoAnswerError("The result that the probe found cannot be written as JSON.")
    return _answer(approval_pb2.PROBE_VERDICT_HAPPENED, answer.detail, told["result_json"])


def _answer(verdict: approval_pb2.ProbeVerdict, detail: str, result_json: str = "") -> Outcome:
    words = cut(str(detail), MESSAGE_BYTES)
    return {"probe_answer": worker_pb2.ProbeAnswer(verdict=verdict, detail=words, result_json=result_json)}
