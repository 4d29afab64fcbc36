"""What a server makes of a person's word about an approval or a question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from agentspan.agents.canonical_json import CanonicalJson, JsonProblemError, canonical_arguments, canonical_json
from agentspan.agents.testing.mock_event import MockDecision
from agentspan.agents.testing.played_call import Checkpoint, Rejection, Taken
from agentspan.agents.testing.played_reply import ARGUMENTS_BYTES, asks_people, schema_of
from agentspan.agents.testing.played_run import RESULT_BYTES, PlayedRun, stamp
from agentspan.agents.testing.schema_words import schema_problems
from agentspan.v1 import agent_pb2, approval_pb2, event_pb2

_OUTCOMES = {
    "APPROVED": approval_pb2.DECISION_OUTCOME_APPROVED,
    "REJECTED": approval_pb2.DECISION_OUTCOME_REJECTED,
    "RESPONDED": approval_pb2.DECISION_OUTCOME_RESPONDED,
}


@dataclass(frozen=True)
class Word:
    """What a person says."""

    decision_id: str
    outcome: MockDecision
    who: str
    groups: tuple[str, ...] = ()
    comment: str = ""
    #: With APPROVED: the text of what runs instead.
    edited: str | None = None
    #: With RESPONDED: the text of the answer.
    content: str = ""


def decide(run: PlayedRun, checkpoint: Checkpoint, word: Word) -> Taken | Rejection:
    """Takes the word, or says why a server would not. What is refused changes nothing."""
    run.command()
    late = checkpoint.expires_at is not None and checkpoint.expires_at <= run.now
    policy = checkpoint.call.tool.approval
    escalates = late and not checkpoint.escalated and _goes_to_others(policy)
    if late and not escalates:
        return Rejection("APPROVAL_EXPIRED", f"Approval {checkpoint.approval_id} of run {run.run_id} has expired.")
    approvers = _approvers(checkpoint, escalates or checkpoint.escalated)
    refused = _refusal(run, checkpoint, word, approvers)
    if refused is not None:
        return refused
    edited = _edited(checkpoint, word)
    if isinstance(edited, Rejection):
        return edited
    if escalates:
        _escalate(run, checkpoint)
    return _take(run, checkpoint, word, edited, approvers)


def _goes_to_others(policy: agent_pb2.ApprovalPolicy) -> bool:
    return policy.on_expiry == agent_pb2.ON_EXPIRY_ESCALATE and policy.HasField("escalate_to")


def _refusal(
    run: PlayedRun, checkpoint: Checkpoint, word: Word, approvers: agent_pb2.Approvers | None
) -> Rejection | None:
    approval_id = checkpoint.approval_id
    if checkpoint.is_question and word.outcome == "APPROVED":
        message = f"Approval {approval_id} is a question: use Respond, or Reject to decline it."
        return Rejection("INVALID_REQUEST", message)
    if approvers is not None and word.who not in approvers.users and _group(approvers, word) is None:
        message = f"Approval {approval_id} of run {run.run_id} is for {_told(approvers)} to decide, not for {word.who}."
        return Rejection("PERMISSION_DENIED", message)
    for what, text, most in (
        ("The edited arguments have", word.edited or "", ARGUMENTS_BYTES),
        ("The answer has", word.content, RESULT_BYTES),
    ):
        size = len(text.encode())
        if size > most:
            return Rejection("LIMIT_EXCEEDED", f"{what} {size} bytes; the limit is {most}.")
    schema = checkpoint.call.tool.answer_schema_json
    if checkpoint.is_question and word.outcome == "RESPONDED" and schema:
        problems = _answer_problems(schema, word.content)
        if problems:
            message = f"The answer to {approval_id} does not fit the schema of its answers: {problems}"
            return Rejection("INVALID_ARGUMENTS", message)
    return None


def _answer_problems(schema: str, content: str) -> str:
    try:
        return schema_problems(schema, canonical_json(content).value)
    except JsonProblemError as error:
        return str(error)


def _edited(checkpoint: Checkpoint, word: Word) -> CanonicalJson | Rejection | None:
    if word.edited is None:
        return None
    try:
        read = canonical_arguments(word.edited)
    except JsonProblemError as error:
        return Rejection("INVALID_ARGUMENTS", f"The edited arguments were refused: {error}")
    problems = schema_problems(schema_of(checkpoint.call.tool), read.value)
    if problems:
        return Rejection("INVALID_ARGUMENTS", f"The edited arguments do not fit the tool's schema: {problems}")
    # The same arguments again are no edit.
    return None if read.digest == checkpoint.digest else read


def _take(
    run: PlayedRun,
    checkpoint: Checkpoint,
    word: Word,
    edited: CanonicalJson | None,
    approvers: agent_pb2.Approvers | None,
) -> Taken:
    call = checkpoint.call
    spared = edited is not None and bool(call.tool.approval.rule) and call.by_rule
    spared = spared and edited is not None and asks_people(call.tool, edited) is None
    # A person has one vote, and an edit is about other arguments than those before.
    beside = [] if edited is not None else [who for who in checkpoint.votes if who != word.who]
    if edited is not None:
        checkpoint.arguments, checkpoint.digest = edited.text, edited.digest
    checkpoint.votes = [*beside, word.who]
    if word.outcome == "APPROVED" and not spared and len(checkpoint.votes) < checkpoint.votes_required:
        vote = approval_pb2.Vote(
            who=word.who,
            at=stamp(run.now),
            what=_OUTCOMES[word.outcome],
            comment=word.comment,
            edited=edited is not None,
        )
        voted = event_pb2.Voted(
            approval_id=checkpoint.approval_id,
            call_id=call.call_id,
            decision_id=word.decision_id,
            vote=vote,
            edited_arguments_json="" if edited is None else edited.text,
        )
        run.emit(voted=voted)
        return Taken(closed=False, votes_missing=checkpoint.votes_required - len(checkpoint.votes))
    checkpoint.closed = True
    decision = approval_pb2.Decision(
        approval_id=checkpoint.approval_id,
        decision_id=word.decision_id,
        outcome=_OUTCOMES[word.outcome],
        decided_by=word.who,
        decided_at=stamp(run.now),
        comment=word.comment,
        edited_arguments_json="" if edited is None else edited.text,
        group=_group_used(approvers, word),
    )
    run.emit(decided=event_pb2.Decided(call_id=call.call_id, decision=decision))
    if word.outcome == "APPROVED":
        call.arguments, call.digest = checkpoint.arguments, checkpoint.digest
        call.begin()
    else:
        run.finish(call, 0, **_outcome(checkpoint, word))
    return Taken(closed=True, votes_missing=0)


def _outcome(checkpoint: Checkpoint, word: Word) -> dict[str, Any]:
    if word.outcome == "REJECTED":
        return {"rejected": word.comment}
    # The answer to a question is what was called for; in place of a tool it is told as such.
    return {"result_json" if checkpoint.is_question else "responded_json": word.content}


def _escalate(run: PlayedRun, checkpoint: Checkpoint) -> None:
    policy = checkpoint.call.tool.approval
    again = policy.escalation_expires_in if policy.HasField("escalation_expires_in") else policy.expires_in
    checkpoint.escalated = True
    checkpoint.expires_at = run.now + again.ToMilliseconds()
    run.emit(
        escalated=event_pb2.Escalated(
            approval_id=checkpoint.approval_id,
            call_id=checkpoint.call.call_id,
            approvers=policy.escalate_to,
            expires_at=stamp(checkpoint.expires_at),
        ),
    )


def _approvers(checkpoint: Checkpoint, escalated: bool) -> agent_pb2.Approvers | None:
    policy = checkpoint.call.tool.approval
    if escalated:
        return policy.escalate_to
    return policy.approvers if policy.HasField("approvers") else None


def _group(approvers: agent_pb2.Approvers, word: Word) -> str | None:
    return next((group for group in word.groups if group in approvers.groups), None)


def _group_used(approvers: agent_pb2.Approvers | None, word: Word) -> str:
    """The group by which somebody may decide; empty where it takes none."""
    if approvers is None or word.who in approvers.users:
        return ""
    return _group(approvers, word) or ""


def _told(approvers: agent_pb2.Approvers) -> str:
    named = [*approvers.users, *(f"the group {group}" for group in approvers.groups)]
    return ", ".join(named) or "nobody"
