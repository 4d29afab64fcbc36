"""A worker that believes only grants which a trusted orchestrator has signed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from agentspan.agents import Agent, AgentHandle, AgentRuntime, ToolContext, tool
from tests.servers.conftest import until, waiting
from tests.servers.stack import Stack
from tests.unit.test_signing import trusted_text

keys: list[str] = []


@tool
def plain(about: ToolContext) -> str:
    """Do something."""
    keys.append(about.proof.key_id if about.proof else "")
    return "done"


@tool(approval_required=True)
def gated(about: ToolContext) -> str:
    """Do something that somebody must approve."""
    keys.append(about.proof.key_id if about.proof else "")
    return "done"


def because(handle: AgentHandle) -> list[str] | None:
    """Why a run's tools are handed back."""
    return [one.why for one in handle.get_status().blocked if one.why != "NO_WORKER"] or None


def test_runs_what_the_stacks_orchestrator_signed(stack: Stack) -> None:
    keys.clear()
    agent = Agent(name="signed", model="openai/gpt-4o-mini", tools=[plain, gated])
    with stack.runtime(trusted_keys_file=stack.trusted_keys) as runtime:
        handle = runtime.start(agent, stack.model.script("signed", {"plain": {}}, {"gated": {}}, "Done."))
        waiting(handle)
        handle.approve()
        assert handle.result().is_success
    assert len(keys) == 2
    assert all(len(key) == 16 for key in keys)


def test_begins_nothing_that_others_signed_and_the_status_says_why(
    stack: Stack, runtime: AgentRuntime, tmp_path: Path
) -> None:
    (tmp_path / "keys.json").write_text(trusted_text(), "utf-8")
    keys.clear()
    agent = Agent(name="foreign", model="openai/gpt-4o-mini", tools=[plain])
    with stack.runtime(trusted_keys_file=tmp_path / "keys.json") as distrusting:
        handle = distrusting.start(agent, stack.model.script("foreign", {"plain": {}}, "Done."))
        assert until(lambda: because(handle)) == ["NO_PROOF"]
    assert keys == []
    # The run waits, and goes on where somebody serves it who believes the server.
    runtime.serve(agent, blocking=False)
    assert runtime.handle(handle.run_id).result().is_success


def test_a_worker_whose_schema_refuses_the_arguments_hands_them_back(stack: Stack, runtime: AgentRuntime) -> None:
    def strict(amount: int) -> str:
        """Count."""
        return f"{amount}"

    def lax(amount: float) -> str:
        """Count."""
        return f"{amount}"

    def counting(function: Callable[..., str]) -> Agent:
        made = tool(name="count")(function)
        return Agent(name="counter", model="openai/gpt-4o-mini", tools=[made])

    said = stack.model.script("count", {"count": {"amount": 1.5}}, "Counted.")
    with stack.runtime() as other:
        other.serve(counting(strict), blocking=False)
        handle = runtime.start(counting(lax), said, serve=False)
        assert until(lambda: because(handle)) == ["INCOMPATIBLE"]
    runtime.serve(counting(lax), blocking=False)
    assert handle.result().is_success
    assert stack.model.told(said) == ['"1.5"']
