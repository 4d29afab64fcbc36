"""What a test expects of a made-up run, in a chain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentspan.agents.testing.mock_run import MockCall, MockResult


class Expectation:
    """Each method raises AssertionError, with what there is instead, or gives the chain back."""

    def __init__(self, result: MockResult) -> None:
        self.result = result

    def completed(self) -> Expectation:
        """The run came to its answer."""
        return self._hold(self.result.is_success, "it to have completed", self._state())

    def failed(self, reason: str | None = None) -> Expectation:
        """The run failed, for that reason where one is named."""
        error = self.result.error
        fits = error is not None and reason in (None, error.reason)
        return self._hold(fits, f"it to have failed{f' with {reason}' if reason else ''}", self._state())

    def waits(self) -> Expectation:
        """The run waits for a person."""
        return self._hold(self.result.is_waiting, "it to wait for a person", self._state())

    def waited(self, times: int | None = None) -> Expectation:
        """The run waited for people, so many times where that is said."""
        count = sum(event.type == "waiting" for event in self.result.events)
        words = "it to have waited" if times is None else f"it to have waited {times} times"
        return self._hold(count > 0 if times is None else count == times, words, f"it waited {count} times")

    def used_tool(self, name: str, *, args: Mapping[str, Any] | None = None, times: int | None = None) -> Expectation:
        """The model called the tool: with these arguments, so many times, where that is said.

        A call that a person rejected does not count: the tool was not used.
        """
        used = [call for call in self._calls(name) if args is None or call.args == dict(args)]
        what = f"{name} to have been used{'' if args is None else f' with {dict(args)}'}"
        words = what if times is None else f"{what} {times} times"
        return self._hold(bool(used) if times is None else len(used) == times, words, self._used())

    def did_not_use_tool(self, name: str) -> Expectation:
        """The model did not call the tool, or a person rejected it."""
        return self._hold(not self._calls(name), f"{name} not to have been used", self._used())

    def rejected(self, name: str) -> Expectation:
        """A person rejected a call of the tool."""
        found = any(call.tool_name == name and call.decision == "REJECTED" for call in self.result.calls)
        return self._hold(found, f"{name} to have been rejected", self._used())

    def output(self, result: Any) -> Expectation:
        """The answer is this."""
        got = self.result.output.get("result")
        return self._hold(got == result, f"the answer {result!r}", f"it is {got!r}")

    def output_contains(self, text: str) -> Expectation:
        """The answer has this in it."""
        got = str(self.result.output.get("result", ""))
        return self._hold(text in got, f"an answer with {text!r} in it", f"it is {got!r}")

    def _calls(self, name: str) -> list[MockCall]:
        return [one for one in self.result.calls if one.tool_name == name and one.decision != "REJECTED"]

    def _hold(self, holds: bool, expected: str, instead: str) -> Expectation:
        if not holds:
            raise AssertionError(f"Expected {expected}, and {instead}.")
        return self

    def _state(self) -> str:
        error = self.result.error
        return f"it is {self.result.state}{'' if error is None else f' ({error.reason}: {error.message})'}"

    def _used(self) -> str:
        calls = ", ".join(
            f"{one.tool_name}{'' if one.decision is None else f' ({one.decision})'}" for one in self.result.calls
        )
        return f"the calls were: {calls or 'none'}"


def expect(result: MockResult) -> Expectation:
    """Begins a chain."""
    return Expectation(result)
