"""What a handle does, in the event loop of the network."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from agentspan.agents.approval import Approval, Decision, approval_of, decision_of
from agentspan.agents.decided_signal import Decided, watch
from agentspan.agents.errors import invalid
from agentspan.agents.event_feed import event_feed
from agentspan.agents.event_mapping import waiting_of
from agentspan.agents.ids import new_id
from agentspan.agents.json_text import to_json_text
from agentspan.agents.run_event import TERMINAL, RunEvent, WaitingEvent
from agentspan.agents.run_status import RunStatus, run_status_of
from agentspan.agents.shown_approvals import DecisionKind, ShownApprovals, only_open
from agentspan.rpc import methods
from agentspan.rpc.run_client import RunClient
from agentspan.v1 import approval_pb2, run_pb2

SettleOutcome = Literal["HAPPENED", "RUN_AGAIN", "GIVE_UP"]

_SETTLE = {
    "HAPPENED": run_pb2.SETTLE_OUTCOME_HAPPENED,
    "RUN_AGAIN": run_pb2.SETTLE_OUTCOME_RUN_AGAIN,
    "GIVE_UP": run_pb2.SETTLE_OUTCOME_GIVE_UP,
}


@dataclass(frozen=True)
class ApproveResult:
    """What became of a vote."""

    decision: Decision | None
    #: The checkpoint is decided.
    closed: bool
    votes_missing: int
    #: This decision had been taken already; the answer is the first one's.
    repeated: bool


@dataclass(frozen=True)
class DecideResult:
    """What became of a decision."""

    decision: Decision | None
    repeated: bool


class HasClient(Protocol):
    """What a handle speaks through: a client of this very process."""

    @property
    def client(self) -> RunClient: ...


@dataclass(frozen=True)
class _About:
    """What a decision is about, and who makes it."""

    approval_id: str
    arguments_digest: str
    decision_id: str
    on_behalf_of: str
    #: Of the preview that was shown; None where none was.
    preview_fingerprint: str | None


class RunCalls:
    """One run, by its id."""

    def __init__(self, run_id: str, runtime: HasClient) -> None:
        self.run_id = run_id
        self._runtime = runtime
        self._shown = ShownApprovals()

    async def get_status(self) -> RunStatus:
        status = await self._read_status()
        self._shown.show(status.pending_approvals)
        return status

    async def approve(
        self,
        *,
        approval_id: str | None = None,
        decision_id: str | None = None,
        on_behalf_of: str = "",
        comment: str = "",
        edited_arguments: Mapping[str, Any] | None = None,
        arguments_digest: str | None = None,
        preview_fingerprint: str | None = None,
    ) -> ApproveResult:
        edited = "" if edited_arguments is None else to_json_text(dict(edited_arguments), "edited_arguments")
        about = await self._about("decision", approval_id, decision_id, on_behalf_of)
        request = run_pb2.ApproveRequest(
            run_id=self.run_id,
            approval_id=about.approval_id,
            arguments_digest=about.arguments_digest if arguments_digest is None else arguments_digest,
            edited_arguments_json=edited,
            comment=comment,
            decision_id=about.decision_id,
            on_behalf_of=about.on_behalf_of,
        )
        seen = about.preview_fingerprint if preview_fingerprint is None else preview_fingerprint
        if seen is not None:
            request.preview_fingerprint = seen
        answer = await self._client.call(methods.APPROVE, request)
        self._shown.forget()
        return _approve_result(answer)

    async def reject(
        self, reason: str, *, approval_id: str | None = None, decision_id: str | None = None, on_behalf_of: str = ""
    ) -> DecideResult:
        if not isinstance(reason, str):
            raise invalid(f"The reason of reject() is {reason!r}; it must be text.", "reason", "must be text")
        about = await self._about("decision", approval_id, decision_id, on_behalf_of)
        request = run_pb2.RejectRequest(
            run_id=self.run_id,
            approval_id=about.approval_id,
            arguments_digest=about.arguments_digest,
            reason=reason,
            decision_id=about.decision_id,
            on_behalf_of=about.on_behalf_of,
        )
        answer = await self._client.call(methods.REJECT, request)
        self._shown.forget()
        return DecideResult(_decision(answer), answer.repeated)

    async def respond(
        self,
        content: object,
        *,
        approval_id: str | None = None,
        decision_id: str | None = None,
        on_behalf_of: str = "",
        comment: str = "",
    ) -> DecideResult:
        content_json = to_json_text(content, "content")
        about = await self._about("decision", approval_id, decision_id, on_behalf_of)
        request = run_pb2.RespondRequest(
            run_id=self.run_id,
            approval_id=about.approval_id,
            content_json=content_json,
            decision_id=about.decision_id,
            on_behalf_of=about.on_behalf_of,
            comment=comment,
        )
        answer = await self._client.call(methods.RESPOND, request)
        self._shown.forget()
        return DecideResult(_decision(answer), answer.repeated)

    async def settle(
        self,
        outcome: SettleOutcome,
        *,
        result: object = None,
        approval_id: str | None = None,
        decision_id: str | None = None,
        on_behalf_of: str = "",
        comment: str = "",
    ) -> ApproveResult:
        settled = _SETTLE.get(outcome)
        if settled is None:
            words = f"must be one of {', '.join(_SETTLE)}"
            raise invalid(f"The outcome of settle() is {outcome!r}; it {words}.", "outcome", words)
        result_json = "" if result is None else to_json_text(result, "result")
        about = await self._about("settlement", approval_id, decision_id, on_behalf_of)
        request = run_pb2.SettleRequest(
            run_id=self.run_id,
            approval_id=about.approval_id,
            outcome=settled,
            result_json=result_json,
            decision_id=about.decision_id,
            comment=comment,
            on_behalf_of=about.on_behalf_of,
        )
        answer = await self._client.call(methods.SETTLE, request)
        self._shown.forget()
        return _approve_result(answer)

    async def cancel(self, reason: str) -> RunStatus:
        request = run_pb2.CancelRequest(run_id=self.run_id, reason=reason)
        return await self._status_of((await self._client.call(methods.CANCEL, request)).status)

    async def pause(self, reason: str) -> RunStatus:
        request = run_pb2.PauseRequest(run_id=self.run_id, reason=reason, request_id=new_id("req"))
        return await self._status_of((await self._client.call(methods.PAUSE, request)).status)

    async def resume(self) -> RunStatus:
        request = run_pb2.ResumeRequest(run_id=self.run_id, request_id=new_id("req"))
        return await self._status_of((await self._client.call(methods.RESUME, request)).status)

    async def events(self, *, after: int, include_deltas: bool) -> AsyncGenerator[RunEvent, None]:
        """One pass over the events; each `waiting` event counts as shown."""
        feed = event_feed(self._client, self.run_id, after=after, include_deltas=include_deltas)
        async with aclosing(feed) as events:
            async for event in events:
                if event.type == "waiting":
                    whole = await self._with_arguments(event)
                    self._shown.show([whole.approval])
                    yield dataclasses.replace(whole, _watch=self._watch)
                else:
                    yield event

    def _watch(self, event: WaitingEvent) -> Decided:
        return watch(event, self._client)

    async def wait(self) -> RunStatus:
        """Resolves when the run has ended, over restarts of the server."""
        while True:
            status = await self._read_status()
            if status.is_complete:
                return status
            feed = event_feed(self._client, self.run_id, after=status.last_sequence, include_deltas=False)
            async with aclosing(feed) as events:
                async for event in events:
                    if event.type in TERMINAL:
                        break

    @property
    def _client(self) -> RunClient:
        return self._runtime.client

    async def _read_status(self) -> RunStatus:
        asked = run_pb2.GetStatusRequest(run_id=self.run_id)
        return await self._status_of((await self._client.call(methods.GET_STATUS, asked)).status)

    async def _status_of(self, message: run_pb2.RunStatus) -> RunStatus:
        # A status leaves out what is more than a message carries; nobody is shown an approval without it.
        for index, approval in enumerate(message.pending_approvals):
            if not _is_whole(approval):
                message.pending_approvals[index].CopyFrom(await self._approval(approval.run_id, approval.approval_id))
        return run_status_of(message)

    async def _with_arguments(self, event: WaitingEvent) -> WaitingEvent:
        """Its arguments stand in the run whose checkpoint it is."""
        if event.arguments_json or not event.arguments_digest:
            return event
        whole = await self._approval(event.approval.run_id, event.approval_id)
        base = {"run_id": event.run_id, "sequence": event.sequence, "at": event.at}
        return waiting_of(approval_of(whole), event.child_run_id, base)

    async def _approval(self, run_id: str, approval_id: str) -> approval_pb2.Approval:
        request = approval_pb2.GetApprovalRequest(run_id=run_id, approval_id=approval_id)
        return (await self._client.call(methods.GET_APPROVAL, request)).approval

    async def _about(
        self, kind: DecisionKind, approval_id: str | None, decision_id: str | None, on_behalf_of: str
    ) -> _About:
        pinned = await self._pin(kind, approval_id)
        preview = None if pinned is None else pinned.preview
        return _About(
            approval_id=approval_id or ("" if pinned is None else pinned.approval_id),
            arguments_digest="" if pinned is None else pinned.arguments_digest,
            # One id for one human act, kept over its retries.
            decision_id=decision_id or new_id("dec"),
            on_behalf_of=on_behalf_of,
            preview_fingerprint=preview.fingerprint if preview is not None and preview.status == "SHOWN" else None,
        )

    async def _pin(self, kind: DecisionKind, approval_id: str | None) -> Approval | None:
        if approval_id is not None:
            return self._shown.find(approval_id)
        shown = self._shown.pinned(kind)
        if shown is not None:
            return shown
        return only_open(self.run_id, (await self._read_status()).pending_approvals, kind)


def _is_whole(approval: approval_pb2.Approval) -> bool:
    if not approval.arguments_json and approval.arguments_digest:
        return False
    shown = approval_pb2.PREVIEW_STATUS_SHOWN
    previews = (approval.preview, approval.preview.previous)
    return not any(one.status == shown and not one.content_json for one in previews)


def _decision(answer: run_pb2.RejectResponse | run_pb2.RespondResponse) -> Decision | None:
    return decision_of(answer.decision) if answer.HasField("decision") else None


def _approve_result(answer: run_pb2.ApproveResponse | run_pb2.SettleResponse) -> ApproveResult:
    decision = decision_of(answer.decision) if answer.HasField("decision") else None
    return ApproveResult(decision, answer.closed, answer.votes_missing, answer.repeated)
