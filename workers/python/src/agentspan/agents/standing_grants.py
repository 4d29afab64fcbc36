"""What an approver allows beforehand: docs/approvals.md says when a standing grant counts."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from agentspan.agents.approval import date_of
from agentspan.agents.background import network_loop
from agentspan.agents.duration import Duration, to_seconds
from agentspan.agents.ids import new_id
from agentspan.agents.run_calls import HasClient
from agentspan.rpc.methods import CREATE_GRANT, GET_GRANT, LIST_GRANTS, REVOKE_GRANT
from agentspan.v1 import grant_pb2

_PAGE = 100


@dataclass(frozen=True)
class StandingGrant:
    """Calls of a tool that run without anybody being asked, in the name of whoever made the grant."""

    grant_id: str
    #: Of its terms, which never change.
    version: str
    agent_name: str
    tool_name: str
    #: The CEL expression that is true of the calls that it is for; empty where for all of the tool.
    rule: str
    expires_at: datetime | None
    max_uses: int
    #: Counted before a call is let run: there may be fewer calls than uses, and never more.
    uses: int
    description: str
    created_at: datetime | None
    created_by: str
    #: For whom a delegate made it; else empty.
    on_behalf_of: str
    #: None while it is good.
    revoked_at: datetime | None
    revoked_by: str
    #: Of one that has just been made: why it might never let a call run, by the agent's newest definition, in sentences
    #: for people. Empty otherwise.
    doubts: tuple[str, ...] = field(default=(), compare=False)


class StandingGrants:
    """The standing grants of a namespace, for its approvers. Methods raise AgentspanError; twins end in _async."""

    def __init__(self, runtime: HasClient) -> None:
        self._runtime = runtime

    def create(
        self,
        *,
        agent: str,
        tool: str,
        expires_in: Duration,
        max_uses: int,
        rule: str = "",
        description: str = "",
        on_behalf_of: str = "",
        idempotency_key: str | None = None,
    ) -> StandingGrant:
        """Allows calls beforehand.

        It counts within two seconds, where its maker may approve the call and did not start the run. `rule` is a CEL
        expression over `args` and `labels`, such as "args.amount <= 50"; every call of the tool where left out.
        """
        request = _creation(agent, tool, rule, expires_in, max_uses, description, on_behalf_of, idempotency_key)
        return network_loop().wait(self._create(request))

    async def create_async(
        self,
        *,
        agent: str,
        tool: str,
        expires_in: Duration,
        max_uses: int,
        rule: str = "",
        description: str = "",
        on_behalf_of: str = "",
        idempotency_key: str | None = None,
    ) -> StandingGrant:
        """As create."""
        request = _creation(agent, tool, rule, expires_in, max_uses, description, on_behalf_of, idempotency_key)
        return await network_loop().wait_async(self._create(request))

    def get(self, grant_id: str) -> StandingGrant:
        """Raises GRANT_NOT_FOUND."""
        return network_loop().wait(self._get(grant_id))

    async def get_async(self, grant_id: str) -> StandingGrant:
        """As get."""
        return await network_loop().wait_async(self._get(grant_id))

    def list(self, *, agent: str = "", tool: str = "") -> Iterator[StandingGrant]:
        """The newest first, those that were revoked, used up or have ended too."""
        page, token = network_loop().wait(self._page(agent, tool, ""))
        yield from page
        while token:
            page, token = network_loop().wait(self._page(agent, tool, token))
            yield from page

    async def list_async(self, *, agent: str = "", tool: str = "") -> AsyncIterator[StandingGrant]:
        """As list, for `async for`."""
        token = None
        while token != "":
            page, token = await network_loop().wait_async(self._page(agent, tool, token or ""))
            for grant in page:
                yield grant

    def revoke(self, grant_id: str, *, on_behalf_of: str = "") -> StandingGrant:
        """No call is let run by it from then on. Revoking it again changes nothing. Raises GRANT_NOT_FOUND."""
        return network_loop().wait(self._revoke(grant_id, on_behalf_of))

    async def revoke_async(self, grant_id: str, *, on_behalf_of: str = "") -> StandingGrant:
        """As revoke."""
        return await network_loop().wait_async(self._revoke(grant_id, on_behalf_of))

    async def _create(self, request: grant_pb2.CreateGrantRequest) -> StandingGrant:
        answer = await self._runtime.client.call(CREATE_GRANT, request)
        return dataclasses.replace(_grant_of(answer.grant), doubts=tuple(answer.doubts))

    async def _get(self, grant_id: str) -> StandingGrant:
        request = grant_pb2.GetGrantRequest(grant_id=grant_id)
        return _grant_of((await self._runtime.client.call(GET_GRANT, request)).grant)

    async def _page(self, agent: str, tool: str, token: str) -> tuple[tuple[StandingGrant, ...], str]:
        request = grant_pb2.ListGrantsRequest(agent_name=agent, tool_name=tool, page_size=_PAGE, page_token=token)
        answer = await self._runtime.client.call(LIST_GRANTS, request)
        return tuple(_grant_of(grant) for grant in answer.grants), answer.next_page_token

    async def _revoke(self, grant_id: str, on_behalf_of: str) -> StandingGrant:
        request = grant_pb2.RevokeGrantRequest(grant_id=grant_id, on_behalf_of=on_behalf_of)
        return _grant_of((await self._runtime.client.call(REVOKE_GRANT, request)).grant)


def _creation(
    agent: str,
    tool: str,
    rule: str,
    expires_in: Duration,
    max_uses: int,
    description: str,
    on_behalf_of: str,
    idempotency_key: str | None,
) -> grant_pb2.CreateGrantRequest:
    request = grant_pb2.CreateGrantRequest(
        agent_name=agent,
        tool_name=tool,
        rule=rule,
        max_uses=max_uses,
        description=description,
        on_behalf_of=on_behalf_of,
        # The same key gives the same grant: this one is sent until it is answered.
        idempotency_key=idempotency_key or new_id("key"),
    )
    request.expires_at.FromMilliseconds(round((time.time() + to_seconds(expires_in, "expires_in")) * 1000))
    return request


def _grant_of(message: grant_pb2.StandingGrant) -> StandingGrant:
    return StandingGrant(
        grant_id=message.grant_id,
        version=message.version,
        agent_name=message.agent_name,
        tool_name=message.tool_name,
        rule=message.rule,
        expires_at=date_of(message, "expires_at"),
        max_uses=message.max_uses,
        uses=message.uses,
        description=message.description,
        created_at=date_of(message, "created_at"),
        created_by=message.created_by,
        on_behalf_of=message.on_behalf_of,
        revoked_at=date_of(message, "revoked_at"),
        revoked_by=message.revoked_by,
    )
