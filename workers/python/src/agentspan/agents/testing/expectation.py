"""What a test expects of a run, in a chain."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from typing_extensions import Self

from agentspan.agents.run_status import RunState
from agentspan.agents.testing import findings
from agentspan.agents.testing.event_lines import event_lines
from agentspan.agents.testing.findings import EventPattern, Finding
from agentspan.agents.testing.hidden_frames import of_the_library
from agentspan.agents.testing.kit_error import KitError
from agentspan.agents.testing.output_type import output_type
from agentspan.agents.testing.tested_run import TestedRun

__tracebackhide__ = of_the_library


class Expectation:
    """Each method raises AssertionError, with what there is instead and the run's events, or gives the chain back."""

    def __init__(self, run: TestedRun) -> None:
        if not isinstance(run, TestedRun):
            raise KitError("expect() takes a run, as mock_run() or a kit gives it.")
        self.run = run

    def completed(self) -> Self:
        """The run came to its answer."""
        return self._hold(findings.completed(self.run))

    def failed(self, reason: str | None = None) -> Self:
        """The run failed; with this reason, such as MAX_TURNS, where one is named."""
        return self._hold(findings.failed(self.run, reason))

    def status(self, state: RunState) -> Self:
        """Where the run stands: COMPLETED, WAITING, CANCELLED and so on."""
        return self._hold(findings.status(self.run, state))

    def no_errors(self) -> Self:
        """No attempt failed, no call was refused or came to an error, and the run did not fail."""
        return self._hold(findings.no_errors(self.run))

    def used_tool(self, name: str, args: Any = None) -> Self:
        """The tool ran, or a person answered the question that it is; with these arguments.

        They are those that it ran with: after a person's edit. A call that was rejected, or still waits, did not run.
        """
        return self._hold(findings.used_tool(self.run, name, args))

    def did_not_use_tool(self, name: str) -> Self:
        """The opposite."""
        return self._hold_not(findings.used_tool(self.run, name, None))

    def tool_call_order(self, names: Sequence[str]) -> Self:
        """These ran in this order; others may have run in between."""
        return self._hold(findings.tool_call_order(self.run, names))

    def tools_used_exactly(self, names: Sequence[str]) -> Self:
        """Each of these ran, as often as you like, and no other."""
        return self._hold(findings.tools_used_exactly(self.run, names))

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
        """The run waited for a person: for a call of this tool, or for any."""
        return self._hold(findings.paused(self.run, name))

    def approved(self, name: str | None = None, by: str | None = None) -> Self:
        """A person approved a call: of this tool, or of any; this person, or somebody."""
        return self._hold(findings.decided_as(self.run, "APPROVED", name, by))

    def rejected(self, name: str | None = None, reason: str | re.Pattern[str] | None = None) -> Self:
        """A person rejected a call: of this tool, or of any; for this reason, or for any."""
        return self._hold(findings.rejected(self.run, name, reason))

    def answered(self, name: str | None = None) -> Self:
        """A person answered: a question, or in place of a tool."""
        return self._hold(findings.decided_as(self.run, "RESPONDED", name))

    def expired(self, name: str | None = None) -> Self:
        """Nobody decided in time."""
        return self._hold(findings.expired(self.run, name))

    def _hold(self, finding: Finding) -> Self:
        if not finding.holds:
            raise AssertionError(failure_text(self.run, finding.expected, finding.instead))
        return self

    def _hold_not(self, finding: Finding) -> Self:
        if finding.holds:
            opposite = finding.expected.replace(" to have been ", " not to have been ", 1)
            raise AssertionError(failure_text(self.run, opposite, finding.instead))
        return self


def expect(run: TestedRun) -> Expectation:
    """Begins a chain."""
    return Expectation(run)


def failure_text(run: TestedRun, expected: str, instead: str) -> str:
    """What a failure says: what was expected, what there is instead, and what happened."""
    return f"Expected {expected}.\n{instead}\n\n{event_lines(run)}"
