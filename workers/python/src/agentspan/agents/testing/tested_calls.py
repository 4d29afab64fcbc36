"""The calls of a run, read off its events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from agentspan.agents.approval import DecisionOutcome
from agentspan.agents.call_outcome import CallOutcome
from agentspan.agents.json_text import read_json_object
from agentspan.agents.run_event import DecidedEvent, RunEvent, VotedEvent
from agentspan.agents.testing.kit_event import KIT_EVENTS, KitEvent


@dataclass(frozen=True)
class TestedVote:
    """A person agreed, and others had to as well."""

    # What begins so is no test to pytest.
    __test__ = False

    outcome: DecisionOutcome
    by: str
    comment: str


@dataclass(frozen=True)
class TestedDecision:
    """What decided an approval or a question, or what became of a call whose outcome nobody knew."""

    __test__ = False

    outcome: DecisionOutcome
    by: str
    #: The reason of a rejection, or the comment.
    comment: str
    #: A standing grant decided it: nobody was asked.
    by_grant: bool


@dataclass
class TestedCall:
    """One call that the model made."""

    __test__ = False

    call_id: str
    tool_name: str
    #: As it ran: a person's edit, or else what the model wrote.
    args: dict[str, Any]
    #: As the model wrote it.
    asked_args: dict[str, Any]
    #: Why the server refused it, unknown tools and arguments that do not fit; None where it did not.
    refused: str | None
    #: It waited for a person.
    paused: bool = False
    #: Nobody decided in time.
    expired: bool = False
    #: Who agreed before the one who decided, where several had to. What an edit made void is not there.
    votes: list[TestedVote] = field(default_factory=list)
    #: Oldest first: a call that was approved may have to be settled later.
    decisions: list[TestedDecision] = field(default_factory=list)
    #: A worker had it, whatever came of that; the run that it starts began; or the question that it is was answered.
    used: bool = False
    #: The number of the event by which it was used; None where it was not. Tools are used in this order.
    used_at: int | None = None
    #: None while it has none.
    outcome: CallOutcome | None = None


@dataclass(frozen=True)
class TestedChildRun:
    """A run that another one started."""

    __test__ = False

    run_id: str
    agent_name: str


def calls_of(events: Iterable[RunEvent | KitEvent]) -> tuple[TestedCall, ...]:
    """The calls of a run, by its events."""
    read: dict[str, _Read] = {}
    for event in events:
        if isinstance(event, KIT_EVENTS):
            continue
        if event.type == "tool_call":
            call = TestedCall(event.call_id, event.tool_name, event.args, event.args, event.refused)
            read[event.call_id] = _Read(call)
        # What a run that this one started waits for is no call of this one.
        found = None if _is_of_child(event) else read.get(getattr(event, "call_id", ""))
        if found is not None:
            _take(found, event)
    for one in read.values():
        one.call.votes = [vote for _, vote in one.votes]
    return tuple(one.call for one in read.values())


def child_runs_of(events: Iterable[RunEvent | KitEvent]) -> tuple[TestedChildRun, ...]:
    """The runs that a run started, oldest first."""
    return tuple(
        TestedChildRun(event.child_run_id, event.agent_name) for event in events if event.type == "child_started"
    )


@dataclass
class _Read:
    call: TestedCall
    is_question: bool = False
    #: Each with the approval that it is about.
    votes: list[tuple[str, TestedVote]] = field(default_factory=list)


def _take(read: _Read, event: RunEvent) -> None:
    call = read.call
    if event.type == "waiting":
        call.paused = True
        read.is_question = read.is_question or event.kind == "QUESTION"
    elif event.type == "voted":
        _take_vote(read, event)
    elif event.type == "decided":
        _take_decision(read, event)
    elif event.type == "checkpoint_closed":
        call.expired = call.expired or event.why == "EXPIRED"
    elif event.type in ("tool_started", "child_started"):
        _use(call, event)
    elif event.type == "tool_result":
        call.outcome = event.outcome
        if event.outcome.kind == "result" and read.is_question:
            _use(call, event)


def _use(call: TestedCall, event: RunEvent) -> None:
    call.used = True
    call.used_at = event.sequence if call.used_at is None else call.used_at


def _take_vote(read: _Read, event: VotedEvent) -> None:
    vote = event.vote
    if vote is None:
        return
    by = vote.on_behalf_of or vote.who
    # A person has one vote, and who edits asks for votes about other arguments than those before.
    others = [
        (about, one) for about, one in read.votes if about != event.approval_id or (not vote.edited and one.by != by)
    ]
    read.votes = [*others, (event.approval_id, TestedVote(vote.what, by, vote.comment))]
    if event.edited_arguments_json:
        read.call.args = read_json_object(event.edited_arguments_json)


def _take_decision(read: _Read, event: DecidedEvent) -> None:
    made = event.decision
    if made is None:
        return
    call = read.call
    by = made.on_behalf_of or made.decided_by
    call.decisions.append(TestedDecision(made.outcome, by, made.comment, made.ground is not None))
    if made.edited_arguments_json:
        read.votes = [(about, one) for about, one in read.votes if about != made.approval_id]
        call.args = read_json_object(made.edited_arguments_json)


def _is_of_child(event: RunEvent) -> bool:
    return bool(getattr(event, "child_run_id", "")) and event.type != "child_started"
