"""One test of a person's, carried out by the kit in memory and on the local stack's real processes.

The histories are the same, but for ids and times.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from agentspan.agents.testing import (
    KitError,
    LocalServer,
    memory_kit,
    normalised_history,
    start_local_server,
    start_memory_server,
)
from tests.servers.kit.scenarios import SCENARIOS, Scenario, Stage


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.__name__)
def test_on_a_server_of_real_processes_as_in_memory(local_server: LocalServer, scenario: Scenario) -> None:
    on_server, in_memory = (
        scenario(Stage(make_kit, expires_in="2s", thinks_for="100ms")) for make_kit in (local_server.kit, memory_kit)
    )
    for real, made in zip(on_server, in_memory, strict=True):
        assert normalised_history(made.events) == normalised_history(real.events)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.__name__)
def test_in_memory_also_over_thirty_days(scenario: Scenario) -> None:
    scenario(Stage(memory_kit, expires_in="30d", thinks_for="2d"))


def test_refuses_to_let_more_real_time_pass_than_a_test_should_take(local_server: LocalServer) -> None:
    with local_server.kit(model=[]) as kit, pytest.raises(KitError, match="a server's clock is real"):
        kit.advance("2d")


def test_a_server_that_cannot_be_started_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(KitError, match=r"^no-such-command server start could not be started"):
        start_local_server(command=["no-such-command"])
    with pytest.raises(KitError, match=r"server start --memory ended with 1\. It wrote:"):
        start_memory_server(env={"AGENTSPAN_MODEL_PROVIDERS": "[]"})
    monkeypatch.delenv("AGENTSPAN_COMMAND")
    monkeypatch.setenv("PATH", "")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(KitError, match=r"^The command agentspan is not installed"):
        start_memory_server()
