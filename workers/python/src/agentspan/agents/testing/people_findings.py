"""What may be expected of people: what a run asked them, and what they did about it."""

from __future__ import annotations

import re
from collections.abc import Callable

from agentspan.agents.testing.call_words import tool_text
from agentspan.agents.testing.finding import Finding
from agentspan.agents.testing.hidden_frames import of_the_library
from agentspan.agents.testing.matches import expected_text, matches
from agentspan.agents.testing.names import require_tool, untold, untold_people
from agentspan.agents.testing.tested_calls import TestedCall, TestedDecision
from agentspan.agents.testing.tested_run import TestedRun

__tracebackhide__ = of_the_library


def paused(run: TestedRun, name: str | None) -> Finding:
    """A run waits for what those wait for that it started, too: for all of it that is told before it is decided."""
    if name is not None:
        require_tool(run, name)
    waited = [call.tool_name for call in run.calls if call.paused]
    waited += [event.tool_name for event in run.events if event.type == "waiting" and event.child_run_id]
    holds = bool(waited) if name is None else name in waited
    whom = "for a person" if name is None else f"for a person to decide {name}"
    return Finding(holds, f"the run to have waited {whom}", tool_text(run, name), _unsure(run, name))


def approved(run: TestedRun, name: str | None, by: str | None) -> Finding:
    """By their vote, where several must agree. What a standing grant allowed, no person approved."""

    def fits(call: TestedCall) -> bool:
        approvals = [made.by for made in call.decisions if made.outcome == "APPROVED" and not made.by_grant]
        if by is None:
            return bool(approvals)
        return by in approvals or by in [vote.by for vote in call.votes if vote.outcome == "APPROVED"]

    whom = "a person" if by is None else by
    return _of_calls(run, name, fits, f"{whom} to have approved {name or 'a call'}")


def allowed_by_grant(run: TestedRun, name: str | None) -> Finding:
    return _of_calls(
        run,
        name,
        lambda call: any(made.by_grant for made in call.decisions),
        f"a standing grant to have allowed {name or 'a call'}",
    )


def rejected(run: TestedRun, name: str | None, reason: str | re.Pattern[str] | None) -> Finding:
    finding = _decided_as(run, name, "rejected", lambda made: made.outcome == "REJECTED")
    if reason is None or not finding.holds:
        return finding

    def fits(made: TestedDecision) -> bool:
        return made.outcome == "REJECTED" and matches(reason, made.comment)

    return _decided_as(run, name, "rejected", fits, f" for {expected_text(reason)}")


def answered(run: TestedRun, name: str | None) -> Finding:
    return _decided_as(run, name, "answered", lambda made: made.outcome == "RESPONDED")


def expired(run: TestedRun, name: str | None) -> Finding:
    return _of_calls(run, name, lambda call: call.expired, f"nobody to have decided {name or 'a call'} in time")


def _decided_as(
    run: TestedRun, name: str | None, how: str, fits: Callable[[TestedDecision], bool], more: str = ""
) -> Finding:
    expected = f"a person to have {how} {name or 'a call'}{more}"
    return _of_calls(run, name, lambda call: any(map(fits, call.decisions)), expected)


def _of_calls(run: TestedRun, name: str | None, fits: Callable[[TestedCall], bool], expected: str) -> Finding:
    if name is not None:
        require_tool(run, name)
    calls = [call for call in run.calls if name in (None, call.tool_name)]
    return Finding(any(map(fits, calls)), expected, tool_text(run, name), _unsure(run, name))


def _unsure(run: TestedRun, name: str | None) -> str | None:
    return untold_people(run) if name is None else untold(run, name)
