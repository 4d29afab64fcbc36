"""What a test expects of a run, in a chain."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from typing import Any

from typing_extensions import Self

from agentspan.agents.agent_handle import AgentHandle
from agentspan.agents.run_status import RunState
from agentspan.agents.testing import findings, people_findings, tool_findings
from agentspan.agents.testing.event_lines import event_lines
from agentspan.agents.testing.finding import Finding
from agentspan.agents.testing.hidden_frames import of_the_library
from agentspan.agents.testing.kit_error import KitError
from agentspan.agents.testing.names import EventPattern
from agentspan.agents.testing.output_type import output_type
from agentspan.agents.testing.tested_run import TestedRun
from agentspan.agents.testing.tool_findings import ANY_ARGUMENTS

__tracebackhide__ = of_the_library


class Expectation:
    """Each method raises AssertionError, with what there is instead and the run's events, or gives the chain back."""

    def __init__(self, run: TestedRun) -> None:
        if not isinstance(run, TestedRun):
            raise KitError(f"Expected a run, as mock_run() or a kit gives it, and got {_what_it_is(run)}")
        self.run = run
        self._held = False

    def __bool__(self) -> bool:
        """Raises KitError where nothing was expected: `assert expect(run)` would hold of every run."""
        if not self._held:
            raise KitError("Nothing is expected of the run: write what is, such as expect(run).completed().")
        return True

    def completed(self) -> Self:
        """The run came to its answer."""
        return self._hold(findings.completed(self.run))

    def failed(self, reason: str | None = None) -> Self:
        """The run failed; with this reason, such as MAX_TURNS, where one is named."""
        return self._hold(findings.failed(self.run, reason))

    def cancelled(self) -> Self:
        """Somebody ended the run."""
        return self._hold(findings.cancelled(self.run))

    def timed_out(self) -> Self:
        """The run took longer than it may."""
        return self._hold(findings.timed_out(self.run))

    def status(self, state: RunState) -> Self:
        """Where the run stands: COMPLETED, WAITING, CANCELLED and so on."""
        return self._hold(findings.status(self.run, state))

    def no_errors(self) -> Self:
        """No attempt failed, no call was refused or came to an error, and the run did not fail."""
        return self._hold(findings.no_errors(self.run))

    def used_tool(self, name: str, args: Any = ANY_ARGUMENTS) -> Self:
        """The tool ran, whatever came of it, or a person answered the question that it is; with these arguments.

        They are those that it ran with, all of them: after a person's edit. A call that was rejected, or still waits,
        did not run. Add no_errors() where it is to have succeeded.
        """
        return self._hold(tool_findings.used_tool(self.run, name, args))

    def did_not_use_tool(self, name: str) -> Self:
        """The opposite."""
        return self._hold_not(tool_findings.used_tool(self.run, name, ANY_ARGUMENTS))

    def used_times(self, name: str, count: int) -> Self:
        """So many calls of the tool ran. Attempts of one call count once."""
        return self._hold(tool_findings.used_times(self.run, name, count))

    def tool_failed(self, name: str) -> Self:
        """A call of the tool ran, and came to an error after its last attempt."""
        return self._hold(tool_findings.tool_failed(self.run, name))

    def tool_call_order(self, names: Sequence[str]) -> Self:
        """These began in this order, whatever the order of the calls; others may have run in between."""
        return self._hold(tool_findings.tool_call_order(self.run, names))

    def tools_used_exactly(self, names: Sequence[str]) -> Self:
        """Each of these ran, as often as you like, and no other."""
        return self._hold(tool_findings.tools_used_exactly(self.run, names))

    def output(self, expected: Any) -> Self:
        """The answer is this."""
        return self._hold(findings.output(self.run, expected))

    def output_contains(self, text: str) -> Self:
        """The answer, as text, has this in it."""
        return self._hold(findings.output_contains(self.run, text))

    def output_matches(self, pattern: str | re.Pattern[str]) -> Self:
        """The pattern is found in the answer, as text."""
        return self._hold(findings.output_matches(self.run, pattern))

    def output_type(self, kind: Any) -> Self:
        """The answer is a str, a dict and so on, fits a type that pydantic knows, or a function is true of it."""
        return self._hold(output_type(self.run, kind))

    def events_contain(self, event: EventPattern) -> Self:
        """One of the events is of this type, or has these fields."""
        return self._hold(findings.events_contain(self.run, event))

    def event_sequence(self, events: Sequence[EventPattern]) -> Self:
        """Events of these types, or with these fields, came in this order; others may have come in between."""
        return self._hold(findings.event_sequence(self.run, events))

    def max_turns(self, most: int) -> Self:
        """The model replied so often at most."""
        return self._hold(findings.max_turns(self.run, most))

    def paused(self, name: str | None = None) -> Self:
        """The run waited for a person, or one that it started did: for a call of this tool, or for any."""
        return self._hold(people_findings.paused(self.run, name))

    def approved(self, name: str | None = None, by: str | None = None) -> Self:
        """A person approved a call: of this tool, or of any. With `by`: this person did, by decision or by vote.

        What a standing grant allowed, nobody approved.
        """
        return self._hold(people_findings.approved(self.run, name, by))

    def allowed_by_grant(self, name: str | None = None) -> Self:
        """A standing grant allowed a call, and nobody was asked: of this tool, or of any."""
        return self._hold(people_findings.allowed_by_grant(self.run, name))

    def rejected(self, name: str | None = None, reason: str | re.Pattern[str] | None = None) -> Self:
        """A person rejected a call: of this tool, or of any; for this reason, or for any."""
        return self._hold(people_findings.rejected(self.run, name, reason))

    def answered(self, name: str | None = None) -> Self:
        """A person answered: a question, or in place of a tool."""
        return self._hold(people_findings.answered(self.run, name))

    def expired(self, name: str | None = None) -> Self:
        """Nobody decided in time."""
        return self._hold(people_findings.expired(self.run, name))

    def _hold(self, finding: Finding) -> Self:
        if not finding.holds:
            instead = " ".join(filter(None, (finding.instead, finding.unsure)))
            raise AssertionError(failure_text(self.run, finding.expected, instead))
        self._held = True
        return self

    def _hold_not(self, finding: Finding) -> Self:
        if finding.holds or finding.unsure is not None:
            opposite = finding.expected.replace(" to have been ", " not to have been ", 1)
            raise AssertionError(failure_text(self.run, opposite, finding.unsure or finding.instead))
        self._held = True
        return self


def _what_it_is(run: object) -> str:
    if inspect.isawaitable(run):
        return "a coroutine: did you forget await?"
    if hasattr(run, "so_far"):
        return "a KitRun, which may go on: use run.result(), or run.so_far()."
    if isinstance(run, AgentHandle):
        return "a handle: use kit.tested(handle.run_id)."
    return "None." if run is None else "something else."


def expect(run: TestedRun) -> Expectation:
    """Begins a chain. Raises KitError where it is no run."""
    return Expectation(run)


def failure_text(run: TestedRun, expected: str, instead: str) -> str:
    """What a failure says: what was expected, what there is instead, and what happened."""
    return f"Expected {expected}.\n{instead}\n\n{event_lines(run)}"
