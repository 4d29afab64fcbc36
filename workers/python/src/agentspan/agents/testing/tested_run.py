"""A run as a test looks at it: made up by mock_run, or carried out by a kit.

What is told of its calls is read off its events.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from agentspan.agents.run_event import RunEvent
from agentspan.agents.run_status import RunError, RunState, RunStatus, Usage
from agentspan.agents.testing.kit_event import KitEvent
from agentspan.agents.testing.known_tools import KnownTools
from agentspan.agents.testing.seen_runs import see
from agentspan.agents.testing.tested_calls import TestedCall, TestedChildRun, calls_of, child_runs_of

TestedEvent: TypeAlias = RunEvent | KitEvent
"""An event of a run, as handles stream them; or one that only the kit knows."""


@dataclass(frozen=True)
class TestedRun:
    """What `expect` looks at."""

    # What begins so is no test to pytest.
    __test__ = False

    run_id: str
    agent_name: str
    input: str
    state: RunState
    #: It waits for a person.
    is_waiting: bool
    #: "result" and "finishReason"; empty unless it completed.
    output: dict[str, Any]
    error: RunError | None
    usage: Usage
    #: Oldest first.
    events: tuple[TestedEvent, ...]
    #: The tools that there are; None where the definition is not known.
    tools: KnownTools | None = None

    @property
    def is_success(self) -> bool:
        """The state is COMPLETED."""
        return self.state == "COMPLETED"

    @functools.cached_property
    def calls(self) -> tuple[TestedCall, ...]:
        """The calls that the model made, in their order."""
        return calls_of(self.events)

    @functools.cached_property
    def child_runs(self) -> tuple[TestedChildRun, ...]:
        """The runs that this one started, oldest first.

        What they did is told by themselves: `kit.tested(run_id)`. Of theirs, this run knows what they wait for.
        """
        return child_runs_of(self.events)


def tested_run(
    status: RunStatus,
    events: Iterable[TestedEvent],
    tools: KnownTools | None = None,  # noqa: PT028 (this is no test)
) -> TestedRun:
    """A run whose status and events were read."""
    read = tuple(events)
    run = TestedRun(
        run_id=status.run_id,
        agent_name=status.agent_name,
        input=read[0].input if read and read[0].type == "run_started" else "",
        state=status.state,
        is_waiting=status.is_waiting,
        output=status.output,
        error=status.error,
        usage=status.usage,
        events=read,
        tools=tools,
    )
    return see(run)


# What begins so is no test to pytest, wherever it is imported.
tested_run.__test__ = False  # type: ignore[attr-defined]
