"""A run that goes as the server's core would have it go.

The core is the server's own and no part of this package. So its rules are written down once more here, as far as a
made-up run can meet them; workers/vectors/mock-runs.json, which the core writes, holds both to the same.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Literal

from google.protobuf.json_format import MessageToJson
from google.protobuf.timestamp_pb2 import Timestamp

from agentspan.agents.canonical_json import canonical_json, digest_of
from agentspan.agents.event_mapping import run_event_of
from agentspan.agents.ids import new_id
from agentspan.agents.json_text import write_json
from agentspan.agents.run_event import RunEvent
from agentspan.agents.run_status import RunError, RunState, Usage
from agentspan.agents.testing.hidden_frames import of_the_library
from agentspan.agents.testing.kit_error import KitError
from agentspan.agents.testing.played_call import Checkpoint, PlayedCall
from agentspan.agents.testing.played_reply import CALLS_PER_TURN, AskedCall, call_of
from agentspan.agents.testing.schema_words import schema_problems
from agentspan.v1 import agent_pb2, approval_pb2, event_pb2, run_state_pb2

__tracebackhide__ = of_the_library

WORKER = "kit"
STEP_MS = 1_000
"""Between two commands of a run."""
MAX_TURNS = 25
RESULT_BYTES = 256 * 1024
_REPLY_BYTES = 1024 * 1024
_RESULT_HEAD = 1024
_MOST_CALLS = 8 * CALLS_PER_TURN
_SCRIPTED = Usage(10, 5)


class PlayedRun:
    """One run, from its start on."""

    def __init__(self, definition: agent_pb2.AgentDefinition, input: str) -> None:
        self.definition = definition
        self.run_id = new_id("run")
        self.messages: list[event_pb2.Event] = []
        #: Of the turn that goes on.
        self.calls: list[PlayedCall] = []
        self.checkpoints: list[Checkpoint] = []
        #: Of the last call of each tool that has one.
        self.last_outcomes: dict[str, str] = {}
        self.ended: Literal["COMPLETED", "FAILED"] | None = None
        self.error: RunError | None = None
        #: Why the last answer does not fit the agent's output schema.
        self.unfit = ""
        self.turn = 1
        self._replied = False
        self._usage = Usage(0, 0)
        self._commands = 0
        self.now = time.time_ns() // 1_000_000
        self.command()
        started = event_pb2.RunStarted(
            agent_name=definition.name, agent_version=_version_of(definition), input=input, started_by="anonymous"
        )
        self.emit(run_started=started)

    def command(self) -> int:
        """Time goes on by a step. Gives the number of the command that is carried out now."""
        self._commands += 1
        self.now += STEP_MS
        return self._commands

    def emit(self, **body: Any) -> None:
        """Writes an event down; its number follows the last one's."""
        sequence = len(self.messages) + 1
        self.messages.append(
            event_pb2.Event(run_id=self.run_id, sequence=sequence, at=stamp(self.now), **body),
        )

    def events(self) -> list[RunEvent]:
        """What happened, as a client of the server reads it."""
        return [run_event_of(message) for message in self.messages]

    @property
    def open_calls(self) -> list[PlayedCall]:
        """Those without an outcome."""
        return [call for call in self.calls if call.state != "finished"]

    @property
    def open_checkpoints(self) -> list[Checkpoint]:
        """Oldest first."""
        return [checkpoint for checkpoint in self.checkpoints if not checkpoint.closed]

    @property
    def state(self) -> RunState:
        """Where it stands."""
        if self.ended is not None:
            return self.ended
        waits = bool(self.open_calls) and all(call.state == "gated" for call in self.open_calls)
        return "WAITING" if waits else "RUNNING"

    @property
    def usage(self) -> Usage:
        """Of all replies."""
        return self._usage

    def reply(self, text: str, asked: Sequence[AskedCall]) -> None:
        """The model answers, or calls tools. Raises RefusedCallError where a server refuses a call."""
        number = self.command()
        if self.ended is not None:
            return
        size = len(text.encode())
        if size > _REPLY_BYTES:
            self._fail("SIZE_LIMIT", f"The model's reply has {size} bytes of text; the limit is {_REPLY_BYTES}.")
            return
        if len(asked) > _MOST_CALLS:
            self._fail("SIZE_LIMIT", f"The model's reply has {len(asked)} calls; the limit is {CALLS_PER_TURN}.")
            return
        self._usage = Usage(
            self._usage.input_tokens + _SCRIPTED.input_tokens, self._usage.output_tokens + _SCRIPTED.output_tokens
        )
        ids = [f"t{self.turn}c{index + 1}" for index in range(len(asked))]
        usage = run_state_pb2.Usage(input_tokens=_SCRIPTED.input_tokens, output_tokens=_SCRIPTED.output_tokens)
        finish = "TOOL_CALLS" if asked else "STOP"
        replied = event_pb2.ModelReplied(
            turn=self.turn, attempt=1, text=text, call_ids=ids, usage=usage, finish_reason=finish
        )
        self.emit(model_replied=replied)
        if asked:
            self._take_calls(ids, asked, number)
        else:
            self._take_answer(text)

    def fail_model(self, message: str) -> None:
        """The model fails for good."""
        self.command()
        if self.ended is None:
            self._fail("MODEL_FAILED", message)

    def run_call(self, call: PlayedCall, result: str, error: str | None = None) -> None:
        """A worker takes a call that is ready, and brings its result, as JSON text, or its last error."""
        self.command()
        started = event_pb2.ToolStarted(call_id=call.call_id, tool_name=call.tool.name, attempt=1, worker_id=WORKER)
        self.emit(tool_started=started)
        self.command()
        self.finish(call, 1, **(_fitted(result, guarded=call.gate != "plain") if error is None else {"error": error}))

    def run_child(self, call: PlayedCall, result: str, error: str | None = None) -> None:
        """The run that a call starts begins, and brings its result, as JSON text; or its model fails."""
        self.command()
        child_run_id, agent_name = f"{self.run_id}_{call.call_id}", call.tool.agent_name
        child = event_pb2.ChildStarted(call_id=call.call_id, child_run_id=child_run_id, agent_name=agent_name)
        self.emit(child_started=child)
        self.command()
        failed = f"Run {child_run_id} of agent {agent_name} failed with MODEL_FAILED: {error}"
        self.finish(call, 0, **(_fitted(result, guarded=True) if error is None else {"error": failed}))

    def finish(self, call: PlayedCall, attempt: int, **outcome: Any) -> None:
        """A call has its outcome; after the last one the model is asked again."""
        self.emit(
            tool_result=event_pb2.ToolResult(
                call_id=call.call_id, tool_name=call.tool.name, attempt=attempt, **outcome
            ),
        )
        call.state = "finished"
        self.last_outcomes[call.tool.name] = next(iter(outcome))
        if not self.open_calls:
            self._next_turn()

    def _take_calls(self, ids: Sequence[str], asked: Sequence[AskedCall], number: int) -> None:
        self.calls = []
        size = 0
        for call_id, one in zip(ids, asked, strict=True):
            call = call_of(self.definition, call_id, one, self.calls, size)
            size += len(call.arguments.encode())
            self.calls.append(call)
            self.emit(
                tool_call=event_pb2.ToolCall(
                    call_id=call_id,
                    tool_name=call.tool.name,
                    arguments_json=call.arguments,
                    arguments_digest=call.digest,
                    approval_required=call.gate == "approval",
                ),
            )
        for call in self.calls:
            if call.is_question or call.gate == "approval":
                self._ask(call, number)
            else:
                call.begin()

    def _ask(self, call: PlayedCall, number: int) -> None:
        policy = call.tool.approval
        question = call.is_question
        expires = policy.HasField("expires_in")
        checkpoint = Checkpoint(
            approval_id=f"{'que' if question else 'apr'}_{call.call_id}_{number}",
            call=call,
            kind=approval_pb2.APPROVAL_KIND_QUESTION if question else approval_pb2.APPROVAL_KIND_APPROVAL,
            arguments=call.arguments,
            digest=call.digest,
            votes_required=1 if question else policy.votes_required or 1,
            expires_at=self.now + policy.expires_in.ToMilliseconds() if expires else None,
        )
        self.checkpoints.append(checkpoint)
        call.state = "gated"
        approval = approval_pb2.Approval(
            approval_id=checkpoint.approval_id,
            kind=checkpoint.kind,
            run_id=self.run_id,
            call_id=call.call_id,
            agent_name=self.definition.name,
            tool_name=call.tool.name,
            arguments_json=call.arguments,
            arguments_digest=call.digest,
            requested_at=stamp(self.now),
            updated_at=stamp(self.now),
            votes_required=checkpoint.votes_required,
            reason="The agent asks people." if question else call.reason,
        )
        if policy.HasField("approvers"):
            approval.approvers.CopyFrom(policy.approvers)
        if checkpoint.expires_at is not None:
            approval.expires_at.CopyFrom(stamp(checkpoint.expires_at))
        if call.tool.HasField("preview") and not question and not call.starts_run:
            approval.preview.status = approval_pb2.PREVIEW_STATUS_PENDING
            approval.preview.fields.extend(call.tool.preview.fields)
        self.emit(waiting=event_pb2.Waiting(approval=approval))

    def _take_answer(self, text: str) -> None:
        schema = self.definition.output_schema_json
        result = write_json(text)
        if schema:
            problems = schema_problems(schema, canonical_json(text).value)
            if problems:
                self.emit(warning=event_pb2.Warning(reason="OUTPUT_INVALID", message=problems))
                self.unfit = problems
                # The model is asked once more.
                self._next_turn()
                return
            result = text.strip()
        self.emit(done=event_pb2.Done(output_json=f'{{"result":{result},"finishReason":"STOP"}}'))
        self.ended = "COMPLETED"

    def _next_turn(self) -> None:
        most = self.definition.max_turns or MAX_TURNS
        if self.turn >= most:
            self._fail("MAX_TURNS", f"The agent used its {most} turns without a final answer.")
        else:
            self.turn += 1
        self.calls = []

    def _fail(self, reason: str, message: str) -> None:
        self.emit(ending=event_pb2.Ending(state=run_state_pb2.RUN_STATE_FAILED, reason=reason))
        self.emit(failed=event_pb2.Failed(error=run_state_pb2.RunError(reason=reason, message=message)))
        self.error = RunError(reason, message)
        self.ended = "FAILED"


def stamp(ms: int) -> Timestamp:
    """A time of a message."""
    time_of = Timestamp()
    time_of.FromMilliseconds(ms)
    return time_of


def _fitted(result: str, *, guarded: bool) -> dict[str, Any]:
    """What of a result fits into a run."""
    size = len(result.encode())
    if size <= RESULT_BYTES:
        return {"result_json": result}
    if not guarded:
        return {"error": f"The tool's result has {size} bytes and was refused: the limit is {RESULT_BYTES}."}
    kept = event_pb2.TruncatedResult(digest=digest_of(result), size_bytes=size, head=result[:_RESULT_HEAD])
    return {"truncated": kept}


def _version_of(definition: agent_pb2.AgentDefinition) -> str:
    try:
        return canonical_json(MessageToJson(definition)).digest.removeprefix("sha256:")
    except ValueError as error:
        raise KitError(f"No server stores the agent {definition.name}: {error}") from error
