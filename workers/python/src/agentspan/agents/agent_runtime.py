"""A server as one program sees it."""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from typing_extensions import Unpack

from agentspan.agents.agent import Agent
from agentspan.agents.agent_handle import AgentHandle
from agentspan.agents.agent_stream import AgentStream
from agentspan.agents.background import BackgroundLoop, network_loop
from agentspan.agents.duration import Duration, to_seconds
from agentspan.agents.errors import AgentspanError, invalid
from agentspan.agents.run_status import AgentResult
from agentspan.agents.runtime_options import fresh_worker_id, runtime_options
from agentspan.agents.standing_grants import StandingGrants
from agentspan.agents.start_options import AgentSource, StartOptions, start_request
from agentspan.agents.stop_signals import AskedToStop
from agentspan.rpc.connect_transport import ConnectTransport
from agentspan.rpc.credential import ApiKey
from agentspan.rpc.methods import PUT_AGENT, START
from agentspan.rpc.run_client import FIRST_CONTACT_S, RunClient
from agentspan.v1 import agent_pb2

if TYPE_CHECKING:
    from agentspan.worker.test_hooks import WorkerTestHooks
    from agentspan.worker.worker import Worker
    from agentspan.worker.worker_credentials import WorkerCredentials


class AgentRuntime:
    """Starts runs, reaches them again, and serves tools. All methods raise AgentspanError; twins end in _async.

    It opens no connection before one is needed, and belongs to the process that uses it: a process that forks has a
    runtime with connections of its own in the child, which serves nothing until it is told to.

    Args:
        url: The gateway; AGENTSPAN_SERVER_URL, or http://127.0.0.1:6767, unless said.
        api_key: An API key, or a token of your identity provider; AGENTSPAN_API_KEY unless said. A function is asked
            before each call and each stream, so that a token can be renewed.
        headers: Sent with every call to the gateway.
        retry_for: How long a call is repeated while the server is unavailable.
        nats_url: The bus that tools are served over; AGENTSPAN_NATS_URL, NATS_URL or nats://127.0.0.1:4222 unless said.
        namespace: Whose tasks are served.
        worker_id: Letters, digits, '_' and '-'; made of the host's name and chance unless said.
        concurrency: Calls in hand at once.
        grace: How long shutdown lets running tools finish.
        trusted_keys_file: A file with the public keys of orchestrators; AGENTSPAN_TRUSTED_KEYS_FILE unless said. With
            it no tool begins here without a grant that one of them has signed, for this very call. Without either,
            grants are not checked for that.
        credentials_file: What `agentspan worker credentials` made for this worker: its login at NATS, its id where it
            is for one alone, and the permit that it registers with. AGENTSPAN_WORKER_CREDENTIALS_FILE unless said; none
            is needed where nobody asks.
    """

    #: For tests only: of a runtime that a kit has made.
    _hooks: WorkerTestHooks | None = None

    def __init__(
        self,
        *,
        url: str | None = None,
        api_key: ApiKey | None = None,
        headers: Mapping[str, str] | None = None,
        retry_for: Duration = 30.0,
        nats_url: str | None = None,
        namespace: str = "default",
        worker_id: str | None = None,
        concurrency: int = 16,
        grace: Duration = 25.0,
        trusted_keys_file: str | Path | None = None,
        credentials_file: str | Path | None = None,
    ) -> None:
        self._options = runtime_options(
            url=url,
            api_key=api_key,
            headers=headers,
            retry_for=retry_for,
            nats_url=nats_url,
            namespace=namespace,
            worker_id=worker_id,
            concurrency=concurrency,
            grace=grace,
            trusted_keys_file=trusted_keys_file,
            credentials_file=credentials_file,
        )
        #: What approvers allow beforehand.
        self.grants = StandingGrants(self)
        self._stopping = threading.Event()
        self._made_by = os.getpid()
        self._pid = self._made_by
        self._client: RunClient | None = None
        self._worker: Worker | None = None
        self._stored: weakref.WeakSet[Agent] = weakref.WeakSet()

    def __enter__(self) -> AgentRuntime:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.shutdown()

    async def __aenter__(self) -> AgentRuntime:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.shutdown_async()

    @property
    def client(self) -> RunClient:
        """What handles speak through: of this very process."""
        self._leave_parents()
        if self._client is None:
            options = self._options
            transport = ConnectTransport(options.url, options.headers)
            self._client = RunClient(transport, patience=options.retry_for, renews_key=options.renews_key)
            if self._stopping.is_set():
                self._client.close()
            weakref.finalize(self, _close_client, self._client, network_loop(), self._pid)
        return self._client

    def start(
        self,
        agent: AgentSource,
        input: str,
        **options: Unpack[StartOptions],
    ) -> AgentHandle:
        """Serves the agent's tools from this process and starts a run; returns when the run is stored.

        The input is what the agent is asked, at most 256 KiB.
        """
        return network_loop().wait(self._start(agent, input, options, tools_in=None))

    async def start_async(
        self,
        agent: AgentSource,
        input: str,
        **options: Unpack[StartOptions],
    ) -> AgentHandle:
        """As start; async tools then run in the event loop that calls this."""
        here = asyncio.get_running_loop()
        return await network_loop().wait_async(self._start(agent, input, options, tools_in=here))

    def run(self, agent: AgentSource, input: str, **options: Unpack[StartOptions]) -> AgentResult:
        """Starts a run, as start does, and waits until it has ended, for as long as a person takes to decide."""
        return self.start(agent, input, **options).result()

    async def run_async(self, agent: AgentSource, input: str, **options: Unpack[StartOptions]) -> AgentResult:
        """As run."""
        return await (await self.start_async(agent, input, **options)).result_async()

    def stream(
        self, agent: AgentSource, input: str, *, include_deltas: bool = False, **options: Unpack[StartOptions]
    ) -> AgentStream:
        """Starts a run, as start does, and gives its events."""
        return self.start(agent, input, **options).stream(include_deltas=include_deltas)

    async def stream_async(
        self,
        agent: AgentSource,
        input: str,
        *,
        include_deltas: bool = False,
        **options: Unpack[StartOptions],
    ) -> AgentStream:
        """As stream, for `async for`."""
        return (await self.start_async(agent, input, **options)).stream(include_deltas=include_deltas)

    def handle(self, execution_id: str) -> AgentHandle:
        """A run by its id, from whatever process started it. Asks nothing."""
        return AgentHandle(execution_id=execution_id, runtime=self)

    def serve(self, agents: Agent | Sequence[Agent], *, blocking: bool = True) -> None:
        """Serves the tools of agents.

        With blocking=False it returns when the server knows of it; else when the process was asked to stop (SIGTERM,
        SIGINT, or shutdown from another thread) and has shut down, and it waits for a server for as long as it takes.
        """
        served = _served(agents)
        if not blocking:
            network_loop().wait(self._serve(served, self._options.retry_for, self._options.retry_for, None))
            return
        with AskedToStop(self._stopping) as asked:
            serving = network_loop().submit(self._serve(served, float("inf"), float("inf"), None))
            serving.add_done_callback(asked.tell)
            asked.wait()
            if serving.done():
                serving.result()
                asked.wait_to_be_asked()
            else:
                serving.cancel()
        self.shutdown()

    async def serve_async(self, agents: Agent | Sequence[Agent]) -> None:
        """As serve with blocking=False; async tools run in the event loop that calls this."""
        patience = self._options.retry_for
        here = asyncio.get_running_loop()
        await network_loop().wait_async(self._serve(_served(agents), patience, patience, here))

    def shutdown(self, *, grace: Duration | None = None) -> None:
        """Takes no new tasks, lets running tools finish within the grace, hands back what has not begun, and closes.

        The runtime is of no use afterwards; calling it again waits for the same shutdown.
        """
        network_loop().wait(self._shutdown(grace))

    async def shutdown_async(self, *, grace: Duration | None = None) -> None:
        """As shutdown."""
        await network_loop().wait_async(self._shutdown(grace))

    async def _start(
        self,
        agent: AgentSource,
        said: str,
        options: StartOptions,
        *,
        tools_in: asyncio.AbstractEventLoop | None,
    ) -> AgentHandle:
        request = start_request(agent, said, options)
        agents = [*agent.below, agent] if isinstance(agent, Agent) else []
        if options.get("serve", True) and any(one.served for one in agents):
            # A server that is not there at all is told at once: a person waits for the sentence.
            first = min(FIRST_CONTACT_S, self._options.retry_for)
            await self._serve(agents, self._options.retry_for, first, tools_in)
        for one in agents[:-1]:
            # The definitions that its runs start others of.
            if one not in self._stored:
                await self.client.call(PUT_AGENT, agent_pb2.PutAgentRequest(agent=one.definition))
                self._stored.add(one)
        answer = await self.client.call(START, request)
        return self.handle(answer.run_id)

    async def _serve(
        self,
        agents: Sequence[Agent],
        patience: float,
        first_contact: float,
        tools_in: asyncio.AbstractEventLoop | None,
    ) -> None:
        worker = self._servant()
        if tools_in is not None:
            worker.run_async_tools_in(tools_in)
        await worker.serve(agents, patience=patience, first_contact=first_contact)

    async def _shutdown(self, grace: Duration | None) -> None:
        self._stopping.set()
        self._leave_parents()
        if self._worker is not None:
            await self._worker.shutdown(self._options.grace if grace is None else to_seconds(grace, "grace"))
        if self._client is not None:
            self._client.close()

    def _servant(self) -> Worker:
        # Programs that serve nothing load neither NATS nor cryptography.
        from agentspan.signing.trusted_keys import read_trusted_keys
        from agentspan.worker.test_hooks import NO_HOOKS
        from agentspan.worker.worker import Worker
        from agentspan.worker.worker_credentials import read_worker_credentials

        if self._stopping.is_set():
            raise AgentspanError("INVALID_REQUEST", "This runtime has been shut down; make another.")
        self._leave_parents()
        if self._worker is None:
            options = self._options
            file = options.credentials_file
            credentials = read_worker_credentials(file) if file else None
            keys = options.trusted_keys_file
            self._worker = Worker(
                nats_url=options.nats_url,
                worker_id=self._worker_id(credentials),
                namespace=options.namespace,
                concurrency=options.concurrency,
                trusted_keys=read_trusted_keys(keys) if keys else None,
                credentials=credentials,
                hooks=self._hooks or NO_HOOKS,
            )
            _shut_down_at_exit(self)
        return self._worker

    def _worker_id(self, credentials: WorkerCredentials | None) -> str:
        from agentspan.worker.worker_credentials import worker_id_for

        chosen = self._options.worker_id
        is_child = self._pid != self._made_by
        if credentials is not None:
            own = worker_id_for(credentials, chosen)
            if is_child:
                remedy = "make a runtime with a worker_id of its own in the child"
                message = f"The process that this one was forked from may serve as worker {own}; {remedy}."
                raise invalid(message, "worker_id", remedy)
            return own
        if chosen is None:
            return fresh_worker_id()
        # Two that run at once have two: the parent may serve by that name.
        return f"{chosen[:100]}-{fresh_worker_id()[-10:]}" if is_child else chosen

    def _leave_parents(self) -> None:
        """In a child of the process that used it: what the parent has is the parent's."""
        if self._pid != os.getpid():
            self._pid = os.getpid()
            self._client = None
            self._worker = None
            self._stopping = threading.Event()


def _close_client(client: RunClient, loop: BackgroundLoop, pid: int) -> None:
    """Of a runtime that nobody has any more: its connections are closed where they are used."""
    if os.getpid() == pid:
        loop.loop.call_soon_threadsafe(client.close)


def _shut_down_at_exit(runtime: AgentRuntime) -> None:
    """Lets running tools finish where a program ends without shutdown: cut off, a guarded call's outcome is unknown."""
    pid, held = os.getpid(), weakref.ref(runtime)

    def at_exit() -> None:
        left = held()
        if left is not None and os.getpid() == pid:
            left.shutdown()

    atexit.register(at_exit)


def _served(agents: Agent | Sequence[Agent]) -> list[Agent]:
    given = [agents] if isinstance(agents, Agent) else list(agents)
    for agent in given:
        if not isinstance(agent, Agent):
            message = f"serve() takes an Agent or a list of them, and was given {agent!r}."
            raise invalid(message, "agents", "is no agent")
    return [one for agent in given for one in [*agent.below, agent]]
