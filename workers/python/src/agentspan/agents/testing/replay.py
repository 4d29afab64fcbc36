"""Carries recorded runs out again by an agent of today, with the command `agentspan`.

A run that `agentspan runs export` wrote is replayed without a server, and no tool is called. Under version control it
is a regression test:

    def test_goes_as_it_went() -> None:
        replay("histories/refund-approved.jsonl", agent).expect_same()
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToDict

from agentspan.agents.agent import Agent
from agentspan.agents.testing.command import agentspan_command
from agentspan.agents.testing.kit_error import KitError

_SAME = 0
_OTHERWISE = 1


class HistoryError(KitError):
    """The file is no history, is of another agent, or cannot be replayed; or the command is not there."""


@dataclass(frozen=True)
class ReplayDifference:
    """The first thing that is not as it was recorded."""

    run_id: str
    agent_name: str
    #: Of the recorded event; None where only what the model is told has changed, or something follows the last event.
    sequence: int | None
    #: What was recorded, and what happens now, each in a line.
    recorded: str
    now: str
    #: Fields of the event that are others, each in a line; empty where it is another event.
    fields: tuple[str, ...]
    #: Why, in a sentence; empty where that is not known.
    why: str


@dataclass(frozen=True)
class ReplayReport:
    """What came of a replay."""

    difference: ReplayDifference | None
    #: What the model is told otherwise, what only reads otherwise, and what was not replayed. A sentence each.
    notes: tuple[str, ...]
    #: For people, in lines.
    text: str

    @property
    def same(self) -> bool:
        """Every event came as it was recorded."""
        return self.difference is None

    def __bool__(self) -> bool:
        """As same."""
        return self.same

    def expect_same(self) -> None:
        """Raises AssertionError, with the first difference in words, where something went otherwise."""
        assert self.same, self.text


def replay(
    file: str | os.PathLike[str], agent: Agent, *, strict: bool = False, command: Sequence[str] | None = None
) -> ReplayReport:
    """Carries the runs of a history file out again by the agent's definition of today.

    The model says what it said, tools give what they gave, people decide what and when they decided, and the server's
    own core says what comes of it. No function is called. Raises HistoryError where that cannot be told.

    Args:
        file: What `agentspan runs export` wrote.
        agent: As it is today. Agents that its tools start runs of are replayed with it.
        strict: What the model is told otherwise is a difference too, and no note.
        command: The command, where it is neither installed as `agentspan` nor named in AGENTSPAN_COMMAND.
    """
    if not isinstance(agent, Agent):
        raise HistoryError(f"Runs are replayed by an Agent, and not by {agent!r}.")
    definitions = [MessageToDict(one.definition) for one in (agent, *agent.below)]
    flags = ["--agent", "-", "--json", *(["--strict"] if strict else [])]
    words, ended = ended_command(["runs", "replay", str(Path(file)), *flags], command, json.dumps(definitions))
    if ended.returncode not in (_SAME, _OTHERWISE) or not ended.stdout:
        raise HistoryError(ended.stderr.strip() or f"The command {words[0]} ended with {ended.returncode}.")
    return _report_in(json.loads(ended.stdout))


def ended_command(
    args: Sequence[str], command: Sequence[str] | None, given: str
) -> tuple[list[str], subprocess.CompletedProcess[str]]:
    """The words of a command of agentspan, and what came of it. Raises HistoryError where it cannot be run."""
    words = [*(_command() if command is None else command), *args]
    try:
        return words, subprocess.run(words, input=given, capture_output=True, encoding="utf-8", check=False)
    except OSError as error:
        raise HistoryError(f"The command {words[0]} cannot be run: {error.strerror}.") from error


def _command() -> list[str]:
    try:
        return agentspan_command()
    except KitError as error:
        raise HistoryError(str(error)) from error


def _report_in(said: dict[str, Any]) -> ReplayReport:
    found = said.get("difference")
    difference = None if found is None else _difference_in(found)
    return ReplayReport(difference, tuple(said["notes"]), said["text"])


def _difference_in(found: dict[str, Any]) -> ReplayDifference:
    return ReplayDifference(
        run_id=found["runId"],
        agent_name=found["agentName"],
        sequence=found.get("sequence"),
        recorded=found["recorded"],
        now=found["now"],
        fields=tuple(found["fields"]),
        why=found["why"],
    )
