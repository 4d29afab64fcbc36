"""What happens in a run that is made up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

MockEventType = Literal["tool_call", "tool_result", "waiting", "rejected", "done", "failed"]


@dataclass(frozen=True)
class MockEvent:
    """One step of a made-up run; made by the functions below."""

    type: MockEventType
    tool_name: str = ""
    args: Mapping[str, Any] = field(default_factory=dict)
    value: Any = None
    message: str = ""

    @staticmethod
    def tool_call(tool_name: str, args: Mapping[str, Any] | None = None) -> MockEvent:
        """The model asks for a tool."""
        return MockEvent("tool_call", tool_name=tool_name, args=dict(args or {}))

    @staticmethod
    def tool_result(tool_name: str, value: Any = None) -> MockEvent:
        """The last call of that tool that has no result gets one."""
        return MockEvent("tool_result", tool_name=tool_name, value=value)

    @staticmethod
    def waiting(message: str = "") -> MockEvent:
        """The run waits for a person, whose approval comes with the next event unless that is `rejected`."""
        return MockEvent("waiting", message=message)

    @staticmethod
    def rejected(reason: str = "") -> MockEvent:
        """The person that the run waits for says no."""
        return MockEvent("rejected", message=reason)

    @staticmethod
    def done(result: Any = "") -> MockEvent:
        """The run completes with this answer."""
        return MockEvent("done", value=result)

    @staticmethod
    def failed(reason: str, message: str = "") -> MockEvent:
        """The run fails: "MODEL_FAILED", "MAX_TURNS" and so on."""
        return MockEvent("failed", value=reason, message=message)
