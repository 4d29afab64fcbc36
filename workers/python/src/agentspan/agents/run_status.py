"""Where a run stands, and what became of one that has ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from agentspan.agents.approval import Approval, approval_of, date_of, name_of
from agentspan.agents.json_text import read_json_object
from agentspan.v1 import run_pb2, run_state_pb2

RunState = Literal["RUNNING", "WAITING", "PAUSED", "COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT", "UNSPECIFIED"]
"""WAITING: a checkpoint is open and nothing else is in progress. The last four that have a name are ends."""

BlockedReason = Literal["NO_WORKER", "INCOMPATIBLE", "NO_PROOF", "UNSPECIFIED"]
"""NO_WORKER: no connected worker serves it. INCOMPATIBLE: a worker's schema refuses the arguments. NO_PROOF: a worker
has no proof that it believes, for want of the orchestrator's key or for its clock."""


@dataclass(frozen=True)
class RunError:
    """Why a run did not complete."""

    #: MAX_TURNS, MODEL_FAILED, TOKEN_BUDGET, SIZE_LIMIT, DEADLINE, APPROVAL_EXPIRED, TOOL_FAILED or CANCELLED.
    reason: str
    message: str


@dataclass(frozen=True)
class Usage:
    """Tokens."""

    input_tokens: int
    output_tokens: int


@dataclass(frozen=True)
class BlockedTool:
    """A tool with a call that waits though it may run, and why."""

    tool_name: str
    why: BlockedReason


@dataclass(frozen=True)
class RunStatus:
    """Where a run stands."""

    run_id: str
    state: RunState
    is_running: bool
    #: At least one checkpoint is open, in the run or in one that it started.
    is_waiting: bool
    #: The run has ended, in any way.
    is_complete: bool
    #: "result" (text, or what the output schema says), "finishReason" ("STOP" and so on), and more; empty until done.
    output: dict[str, Any]
    #: It is coming to its end and waits for guarded calls in progress.
    ending: bool
    paused: bool
    error: RunError | None
    pending_approvals: tuple[Approval, ...]
    usage: Usage
    last_sequence: int
    agent_name: str
    agent_version: str
    #: Tools with a call that no connected worker serves, or that workers hand back.
    blocked_on: tuple[str, ...]
    #: The same tools, each with why.
    blocked: tuple[BlockedTool, ...]
    labels: dict[str, str]
    started_by: str
    #: Empty unless another run started it: that one, the call of it, and the first of them all.
    parent_run_id: str
    parent_call_id: str
    root_run_id: str
    created_at: datetime | None
    updated_at: datetime | None
    ended_at: datetime | None

    @property
    def execution_id(self) -> str:
        """The run id by its other name."""
        return self.run_id


@dataclass(frozen=True)
class AgentResult:
    """What became of a run that has ended. Look at `is_success` or `error` before trusting `output`."""

    run_id: str
    state: RunState
    #: Empty where the run did not complete.
    output: dict[str, Any]
    error: RunError | None
    usage: Usage

    @property
    def execution_id(self) -> str:
        """The run id by its other name."""
        return self.run_id

    @property
    def is_success(self) -> bool:
        """The state is COMPLETED."""
        return self.state == "COMPLETED"


def run_status_of(message: run_pb2.RunStatus) -> RunStatus:
    """Reads a status of the contract."""
    return RunStatus(
        run_id=message.run_id,
        state=run_state_of(message.state),
        is_running=message.is_running,
        is_waiting=message.is_waiting,
        is_complete=message.is_complete,
        output=read_json_object(message.output_json),
        ending=message.ending,
        paused=message.paused,
        error=run_error_of(message.error) if message.HasField("error") else None,
        pending_approvals=tuple(map(approval_of, message.pending_approvals)),
        usage=usage_of(message.usage),
        last_sequence=message.last_sequence,
        agent_name=message.agent_name,
        agent_version=message.agent_version,
        blocked_on=tuple(message.blocked_on),
        blocked=tuple(
            BlockedTool(one.tool_name, name_of(run_pb2.BlockedReason, one.why, "BLOCKED_REASON_"))
            for one in message.blocked
        ),
        labels=dict(message.labels),
        started_by=message.started_by,
        parent_run_id=message.parent_run_id,
        parent_call_id=message.parent_call_id,
        root_run_id=message.root_run_id,
        created_at=date_of(message, "created_at"),
        updated_at=date_of(message, "updated_at"),
        ended_at=date_of(message, "ended_at"),
    )


def run_state_of(state: int) -> RunState:
    """The name of a state."""
    name: RunState = name_of(run_state_pb2.RunState, state, "RUN_STATE_")
    return name


def run_error_of(message: run_state_pb2.RunError) -> RunError:
    """Reads why a run did not complete."""
    return RunError(message.reason, message.message)


def usage_of(message: run_state_pb2.Usage) -> Usage:
    """Reads a count of tokens; zero where it is not set."""
    return Usage(message.input_tokens, message.output_tokens)


def agent_result_of(status: RunStatus) -> AgentResult:
    """The result of a run that has ended."""
    return AgentResult(status.run_id, status.state, status.output, status.error, status.usage)
