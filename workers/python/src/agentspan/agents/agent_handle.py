"""One run, by its id: the same wherever it is made, in whatever process."""

from __future__ import annotations

from typing_extensions import Unpack

from agentspan.agents.agent_stream import AgentStream
from agentspan.agents.background import network_loop
from agentspan.agents.decide_options import ApproveOptions, DecideOptions, RespondOptions, SettleOptions
from agentspan.agents.errors import invalid
from agentspan.agents.run_calls import ApproveResult, DecideResult, HasClient, RunCalls, SettleOutcome
from agentspan.agents.run_status import AgentResult, RunStatus, agent_result_of


class AgentHandle:
    """A run as a program reaches it. All methods raise AgentspanError; each has a twin in _async for event loops.

    `approve`, `reject` and `respond` decide what this handle last showed, through get_status or an event; where it has
    shown nothing they read the status and want exactly one open approval (else NOTHING_TO_DECIDE, SETTLE_REQUIRED or
    APPROVAL_ID_REQUIRED). Each call is one human act with one decision id, kept over its retries.
    """

    def __init__(self, *, runtime: HasClient, run_id: str | None = None, execution_id: str | None = None) -> None:
        named = run_id if run_id is not None else execution_id
        if not isinstance(named, str) or not named:
            words = "must be the id of a run"
            raise invalid(f"The execution_id of an AgentHandle is {named!r}; it {words}.", "execution_id", words)
        self.run_id = named
        self._calls = RunCalls(named, runtime)

    def __repr__(self) -> str:
        return f"<run {self.run_id}>"

    @property
    def execution_id(self) -> str:
        """The run id by its other name."""
        return self.run_id

    def get_status(self) -> RunStatus:
        """Where the run stands. What it waits for counts as shown."""
        return network_loop().wait(self._calls.get_status())

    async def get_status_async(self) -> RunStatus:
        """As get_status."""
        return await network_loop().wait_async(self._calls.get_status())

    def approve(self, **options: Unpack[ApproveOptions]) -> ApproveResult:
        """Votes for a call to run; `closed` says whether that decided it. See ApproveOptions."""
        return network_loop().wait(self._calls.approve(**options))

    async def approve_async(self, **options: Unpack[ApproveOptions]) -> ApproveResult:
        """As approve."""
        return await network_loop().wait_async(self._calls.approve(**options))

    def reject(self, reason: str, **options: Unpack[DecideOptions]) -> DecideResult:
        """Refuses a call, or declines a question: the model gets the reason and the run goes on."""
        return network_loop().wait(self._calls.reject(reason, **options))

    async def reject_async(self, reason: str, **options: Unpack[DecideOptions]) -> DecideResult:
        """As reject."""
        return await network_loop().wait_async(self._calls.reject(reason, **options))

    def respond(self, content: object, **options: Unpack[RespondOptions]) -> DecideResult:
        """Answers a question, or stands in for a tool that then does not run. The content is sent as JSON."""
        return network_loop().wait(self._calls.respond(content, **options))

    async def respond_async(self, content: object, **options: Unpack[RespondOptions]) -> DecideResult:
        """As respond."""
        return await network_loop().wait_async(self._calls.respond(content, **options))

    def settle(self, outcome: SettleOutcome, **options: Unpack[SettleOptions]) -> ApproveResult:
        """Says what became of a call whose outcome is unknown: HAPPENED (with its result), RUN_AGAIN or GIVE_UP.

        RUN_AGAIN counts as a new approval.
        """
        return network_loop().wait(self._calls.settle(outcome, **options))

    async def settle_async(self, outcome: SettleOutcome, **options: Unpack[SettleOptions]) -> ApproveResult:
        """As settle."""
        return await network_loop().wait_async(self._calls.settle(outcome, **options))

    def cancel(self, reason: str = "") -> RunStatus:
        """Ends the run. Approvals close at once; the end waits for guarded calls that a worker has begun."""
        return network_loop().wait(self._calls.cancel(reason))

    async def cancel_async(self, reason: str = "") -> RunStatus:
        """As cancel."""
        return await network_loop().wait_async(self._calls.cancel(reason))

    def pause(self, reason: str = "") -> RunStatus:
        """Starts nothing new until resume."""
        return network_loop().wait(self._calls.pause(reason))

    async def pause_async(self, reason: str = "") -> RunStatus:
        """As pause."""
        return await network_loop().wait_async(self._calls.pause(reason))

    def resume(self) -> RunStatus:
        """Goes on."""
        return network_loop().wait(self._calls.resume())

    async def resume_async(self) -> RunStatus:
        """As resume."""
        return await network_loop().wait_async(self._calls.resume())

    def stream(self, *, after: int = 0, include_deltas: bool = False) -> AgentStream:
        """Events from the first, or after a sequence, then live until the run ends. For `for` and `async for`."""
        return AgentStream(self, self._calls, after=after, include_deltas=include_deltas)

    def wait(self) -> RunStatus:
        """Waits until the run has ended, for as long as it takes, over restarts of the server."""
        return network_loop().wait(self._calls.wait())

    async def wait_async(self) -> RunStatus:
        """As wait."""
        return await network_loop().wait_async(self._calls.wait())

    def result(self) -> AgentResult:
        """Waits until the run has ended and says what became of it."""
        return agent_result_of(self.wait())

    async def result_async(self) -> AgentResult:
        """As result."""
        return agent_result_of(await self.wait_async())
