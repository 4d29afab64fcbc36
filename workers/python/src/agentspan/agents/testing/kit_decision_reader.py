"""Reads what people decide off a script, and knows what of it came to nothing.

Whatever a test says of people is to have taken place, or the agent asked otherwise than the test believes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from agentspan.agents.approval import Approval
from agentspan.agents.testing.kit_decisions import (
    DecisionFunction,
    DecisionScript,
    ScriptedDecision,
    shown,
)
from agentspan.agents.testing.kit_error import KitError
from agentspan.agents.testing.kit_functions import FunctionsInProgress, call_aside
from agentspan.agents.testing.kit_verdicts import Verdicts, is_verdict


class DecisionReader:
    """For one event loop; `ran` is told by any thread."""

    def __init__(self, script: DecisionScript, functions: FunctionsInProgress, verdicts: Verdicts) -> None:
        self._script = script
        self._functions = functions
        self._verdicts = verdicts
        #: How many decisions of its list each tool has had.
        self._taken: dict[str, int] = {}
        self._asked: set[str] = set()
        self._ran: dict[str, None] = {}
        #: Approvals that came after their tool's list had ended, or whose decision of a list is still to come.
        self._open: dict[str, ScriptedDecision | Literal["ended"]] = {}
        self._ineffective: list[str] = []

    @property
    def tool_names(self) -> list[str]:
        """The tools that people decide."""
        return list(self._script)

    async def next(self, approval: Approval, *, again: bool) -> ScriptedDecision | None:
        """Each approval takes the next decision of its tool; None where the script has none (any more).

        `again`: the one before did not decide it by itself. Raises KitError where a function gives none. A verdict of
        it is told to whoever waits.
        """
        tool_name = approval.tool_name
        self._asked.add(tool_name)
        decisions = self._script.get(tool_name)
        if decisions is None:
            return None
        if isinstance(decisions, Sequence):
            taken = self._taken.get(tool_name, 0)
            self._taken[tool_name] = taken + 1
            decision = decisions[taken] if taken < len(decisions) else None
            self._open[approval.approval_id] = decision or "ended"
            return decision
        if again:
            return None
        return decisions if isinstance(decisions, ScriptedDecision) else await self._called(decisions, approval)

    def ran(self, tool_name: str) -> None:
        """A worker ran a tool, or a run was started for a call of it."""
        self._ran[tool_name] = None

    def closed(self, approval_id: str) -> None:
        """An approval was decided, or is not wanted any more."""
        self._open.pop(approval_id, None)

    def expired(self, approval: Approval) -> None:
        """Nobody decided an approval in time."""
        decision = self._open.pop(approval.approval_id, None)
        if decision == "ended":
            self._ineffective.append(
                f"{approval.tool_name} was asked for once more than its list of decisions is long, and that expired. "
                "Where that is meant, end the list with nobody()."
            )
        elif isinstance(decision, ScriptedDecision) and decision.act is not None:
            self._ineffective.append(
                f"{decision.text} of {approval.tool_name} came to nothing: the approval had expired by then. Where "
                "that is meant, write nobody() in its place."
            )

    @property
    def faults(self) -> list[str]:
        """What was decided in vain by now, a sentence each."""
        return [*self._ineffective, *map(self._unasked_words, self._unasked)]

    @property
    def unused(self) -> list[str]:
        """Decisions of lists that nobody was asked for, a sentence each."""
        told = self._unasked
        return [
            f"Nobody was asked to decide {tool_name} so often: {left.text} is left over."
            for tool_name, decisions in self._script.items()
            if isinstance(decisions, Sequence) and tool_name not in told
            for left in decisions[self._taken.get(tool_name, 0) :]
        ]

    @property
    def _unasked(self) -> list[str]:
        """Tools that ran and that nobody was ever asked for, though the script has people decide them."""
        return [
            tool_name
            for tool_name in list(self._ran)
            if tool_name not in self._asked and any(one.act is not None for one in self._written(tool_name))
        ]

    def _unasked_words(self, tool_name: str) -> str:
        texts = [one.text for one in self._written(tool_name)]
        return (
            f"{tool_name} ran, and nobody was asked to decide it: {', '.join(texts)} came to nothing. Where it may run "
            f"unasked, make that a function: lambda _: {texts[0]}."
        )

    def _written(self, tool_name: str) -> Sequence[ScriptedDecision]:
        """Empty where a function decides: it may also not be asked."""
        decisions = self._script.get(tool_name)
        if isinstance(decisions, ScriptedDecision):
            return [decisions]
        return decisions if isinstance(decisions, Sequence) else []

    async def _called(self, decide: DecisionFunction, approval: Approval) -> ScriptedDecision | None:
        name = f"The function in decisions of {approval.tool_name}"
        try:
            with self._functions.running(name):
                decision: object = await call_aside(decide, approval)
        except BaseException as error:
            if is_verdict(error):
                self._verdicts.add(error)
                return None
            if not isinstance(error, Exception):
                raise
            raise KitError(f"{name} raised: {error}") from error
        if not isinstance(decision, ScriptedDecision):
            raise KitError(f"{name} gave {shown(decision)}: it gives a decision, such as approve(), or nobody().")
        return decision
