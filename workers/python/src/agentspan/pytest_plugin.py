"""The pytest plugin, which pytest loads by itself where agentspan is installed.

Where a test fails it shows what happened in the runs that the test made, beside what pytest shows anyway. What a failed
expectation says is shown at the line of the test: the frames of the kit are left out, by `hidden_frames`.

It is loaded for every test run on the machine, so it imports nothing of agentspan before a test has.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from agentspan.agents.testing import Kit, KitOptions, MakesKits, ModelScript, TestedRun

_SEEN = "agentspan.agents.testing.seen_runs"
_LINES = "agentspan.agents.testing.event_lines"
_PASSED = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("agentspan")
    group.addoption(
        "--agentspan-runs",
        choices=("failed", "never"),
        default="failed",
        help="whether a test that fails shows the events of the runs that it made (failed, unless said)",
    )
    group.addoption(
        "--agentspan-kit",
        choices=("memory", "local"),
        default="memory",
        help="where kits of agentspan_kit run: on a server in memory, or on a real local stack (memory, unless said)",
    )


@pytest.fixture
def agentspan_runs() -> Sequence[TestedRun]:
    """The runs that this test made so far, oldest first: for what every test of an agent must hold."""
    from agentspan.agents.testing.seen_runs import seen_runs

    return seen_runs


@pytest.fixture(scope="session")
def agentspan_kits(pytestconfig: pytest.Config) -> Iterator[MakesKits]:
    """Makes kits on the server that --agentspan-kit names. Whoever makes one ends it."""
    from agentspan.agents.testing import memory_kit, start_local_server

    if pytestconfig.getoption("--agentspan-kit") == "memory":
        yield memory_kit
        return
    with start_local_server() as server:
        yield server.kit


@pytest.fixture
def agentspan_kit(request: pytest.FixtureRequest, agentspan_kits: MakesKits) -> Iterator[MakesKits]:
    """Makes kits, as memory_kit() does, that end with the test.

    A test that passed fails where their scripts were not what happened, unless it has called kit.stop() itself.
    """
    with ExitStack() as made:

        def make(*, model: ModelScript, **options: Unpack[KitOptions]) -> Kit:
            kit = agentspan_kits(model=model, **options)
            # Of a test that was skipped, failed as expected or was interrupted, a script says nothing.
            made.callback(lambda: kit.stop() if request.node.stash.get(_PASSED, False) else kit.close())
            return kit

        yield make


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """What earlier tests made is none of this one's."""
    seen = sys.modules.get(_SEEN)
    if seen is not None:
        seen.seen_runs.clear()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Adds the events of the test's runs to the report of a test that failed."""
    report = yield
    if report.when == "call":
        item.stash[_PASSED] = report.passed
    if report.failed and item.config.getoption("--agentspan-runs") == "failed":
        shown = report.longreprtext
        for run in _seen():
            # What the failure tells of itself is not told twice.
            if run.run_id not in shown:
                report.sections.append((f"agentspan run {run.run_id}", sys.modules[_LINES].event_lines(run)))
    return report


def _seen() -> Sequence[Any]:
    seen = sys.modules.get(_SEEN)
    return () if seen is None or _LINES not in sys.modules else tuple(seen.seen_runs)
