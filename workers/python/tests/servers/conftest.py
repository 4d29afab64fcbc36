from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import pytest

from agentspan.agents import AgentHandle, AgentRuntime, RunStatus
from agentspan.agents.testing import server_local
from tests.servers.stack import Stack

T = TypeVar("T")

_PATIENCE_S = 30.0


# Of the package: a server that nobody asks still costs some of the processor, and other tests come after these.
@pytest.fixture(scope="package", autouse=True)
def _memory_server() -> Iterator[None]:
    """That of memory_kit() would end with the process."""
    yield
    for _, server in server_local._shared:
        server.stop()
    server_local._shared.clear()


@pytest.fixture(scope="package")
def _stacks() -> Iterator[tuple[Future[Stack], Future[Stack]]]:
    """Both start, and stop, at once; whoever needs one waits for that one."""
    with ThreadPoolExecutor(2) as pool:
        both = pool.submit(Stack), pool.submit(Stack, auth=True)
        yield both
        running = [one.result() for one in both]
        list(pool.map(Stack.close, running))
    assert [fault for one in running for fault in one.model.faults] == []


@pytest.fixture(scope="package")
def stack(_stacks: tuple[Future[Stack], Future[Stack]]) -> Stack:
    return _stacks[0].result()


@pytest.fixture(scope="package")
def guarded(_stacks: tuple[Future[Stack], Future[Stack]]) -> Stack:
    """With authentication on."""
    return _stacks[1].result()


@pytest.fixture
def runtime(stack: Stack) -> Iterator[AgentRuntime]:
    with stack.runtime(grace=1) as made:
        yield made


def until(ask: Callable[[], T | None]) -> T:
    """What it gives, once it gives something."""
    ends = time.monotonic() + _PATIENCE_S
    while time.monotonic() < ends:
        answer = ask()
        if answer is not None and answer is not False:
            return answer
        time.sleep(0.02)
    raise AssertionError(f"It did not happen within {_PATIENCE_S} s: {ask}")


def waiting(handle: AgentHandle, approvals: int = 1) -> RunStatus:
    """The status of a run, once it waits for so many people."""

    def ask() -> RunStatus | None:
        status = handle.get_status()
        assert not status.is_complete, status
        return status if len(status.pending_approvals) == approvals else None

    return until(ask)
