"""Which command the kit and replays start."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentspan.agents import Agent
from agentspan.agents.testing import HistoryError, KitError, replay, start_memory_server
from agentspan.agents.testing.command import agentspan_command


@pytest.fixture(autouse=True)
def _nothing_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("AGENTSPAN_COMMAND", raising=False)
    # What would fetch a package of that name from a registry.
    program(tmp_path / "bin" / "npx")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "project" / "tests").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "project" / "tests")


def program(path: Path) -> str:
    """Can be run, and does nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n", "utf-8")
    path.chmod(0o755)
    return str(path)


def test_is_what_the_variable_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTSPAN_COMMAND", "node 'my programs/agentspan.mjs'")
    assert agentspan_command() == ["node", "my programs/agentspan.mjs"]


def test_is_on_the_path_or_installed_in_the_project(tmp_path: Path) -> None:
    installed = program(tmp_path / "project" / "node_modules" / ".bin" / "agentspan")
    assert agentspan_command() == [installed]
    on_path = program(tmp_path / "bin" / "agentspan")
    assert agentspan_command() == [on_path]


def test_is_never_fetched_where_it_is_not_installed() -> None:
    told = r"^The command agentspan is not installed: it is neither on the path nor in node_modules of this folder or"
    with pytest.raises(KitError, match=told):
        start_memory_server()
    with pytest.raises(HistoryError, match=told):
        replay("history.jsonl", Agent(name="desk", model="a/b"))


def test_is_told_by_the_name_of_the_variable_where_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTSPAN_COMMAND", "node '")
    told = r"^AGENTSPAN_COMMAND is \"node '\", and cannot be read as words: No closing quotation\.$"
    with pytest.raises(KitError, match=told):
        start_memory_server()
    with pytest.raises(HistoryError, match=told):
        replay("history.jsonl", Agent(name="desk", model="a/b"))
