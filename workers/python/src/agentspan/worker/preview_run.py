"""Takes a tool's preview, from the refusal that asks for it to the answered answer.

Nothing of it is guarded: a preview only looks, so it may run late, twice, or beside another worker's. It always
answers, since a person or a call waits: what it saw, or why it could not look. Its time is kept here, from when the
claim was sent: what comes later is a failure, whatever the function still does.
"""

from __future__ import annotations

import asyncio
from typing import Any

from agentspan.agents.canonical_json import digest_of
from agentspan.agents.input_schema import ArgumentsError
from agentspan.agents.json_text import JsonWritingError, write_exact_json
from agentspan.agents.limits import PREVIEW_BYTES
from agentspan.agents.preview import PreviewContext
from agentspan.agents.tool_context import call_logger
from agentspan.v1 import worker_pb2
from agentspan.worker.claim import Granted, claim
from agentspan.worker.outcome import cut, words_of
from agentspan.worker.report import complete
from agentspan.worker.task_in_hand import LEFT_TO_OTHERS_S, TaskInHand
from agentspan.worker.tool_runner import Raised
from agentspan.worker.worker_parts import WorkerParts, logger, said

_FAILURE_BYTES = 2 * 1024
_LONGEST_S = 600.0


class NotShownError(Exception):
    """Why there is nothing to show."""


async def run_preview(parts: WorkerParts, task: TaskInHand) -> None:
    """Resolves when the server has answered, or the task is left to others."""
    if parts.draining.is_set():
        task.give_hints_back(LEFT_TO_OTHERS_S)
        return
    claimed = await claim(parts, task, "preview")
    if not isinstance(claimed, Granted):
        # Meanwhile it may be something else that is asked of this attempt: whoever claims next is told.
        task.give_hints_back(LEFT_TO_OTHERS_S)
        logger.debug("A claim of a preview was refused: %s  %s", claimed, said(task.fields))
        return
    task.looks = True
    task.acknowledge_hints()
    grant = claimed.grant
    told = await _saw(parts, task, claimed)
    outcome = {"preview_answer": worker_pb2.PreviewAnswer(number=grant.preview.number, **told)}
    digest = grant.arguments_digest
    await complete(parts, task, outcome, arguments_digest=digest, orchestrator_id=claimed.orchestrator_id)


async def _saw(parts: WorkerParts, task: TaskInHand, claimed: Granted) -> dict[str, Any]:
    """Whatever goes wrong is told to whoever decides."""
    left = claimed.grant.preview.time_left
    allowed = left.ToTimedelta().total_seconds() if claimed.grant.preview.HasField("time_left") else _LONGEST_S
    since_claim = parts.clock.now().monotonic - claimed.sent_at.monotonic
    looking = asyncio.ensure_future(_look(parts, task, claimed.grant))
    try:
        done, _ = await asyncio.wait({looking}, timeout=max(0.0, allowed - since_claim))
        if not done:
            why = f"It took longer than {round(allowed, 1)} s."
            task.cancelled.set(why)
            raise NotShownError(why)
        return {"content_json": content_of(looking.result())}
    except (NotShownError, ArgumentsError) as error:
        logger.warning("A preview failed: %s  %s", error, said(task.fields))
        return {"failure": cut(words_of(error), _FAILURE_BYTES)}


async def _look(parts: WorkerParts, task: TaskInHand, grant: worker_pb2.Grant) -> Any:
    if not grant.HasField("preview") or grant.tool_name != task.tool_name:
        raise NotShownError("The server granted something else than this preview.")
    if task.tool.preview is None:
        raise NotShownError("The worker that was asked brings no preview for this tool.")
    if grant.arguments_digest != digest_of(grant.arguments_json):
        raise NotShownError("The arguments are not of their digest.")
    try:
        arguments = task.tool.schema.read(grant.arguments_json)
    except ArgumentsError as error:
        raise NotShownError(f"The worker's schema refuses the arguments: {error}") from error
    context = PreviewContext(task.run_id, task.call_id, task.cancelled, call_logger(logger, task.fields))
    preview = parts.hooks.function(task, "preview", task.tool.preview)
    ran = await parts.runner.run(preview, arguments, context, cancels=task.cancelled)
    if ran is None or isinstance(ran, Raised):
        raise NotShownError("It was not begun." if ran is None else words_of(ran.error))
    return ran.value


def content_of(seen: object) -> str:
    """What a preview returned, as the server is told. Raises NotShownError where it cannot be shown."""
    if seen is None:
        raise NotShownError("The preview returned nothing.")
    try:
        text = write_exact_json(seen)
    except JsonWritingError as error:
        raise NotShownError(f"What the preview returned cannot be written as JSON: {error}") from error
    size = len(text.encode("utf-8"))
    if size > PREVIEW_BYTES:
        raise NotShownError(f"What the preview returned has {size} bytes of JSON; the limit is {PREVIEW_BYTES}.")
    return text
