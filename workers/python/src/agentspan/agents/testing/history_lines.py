"""Records runs for replays, also those of kits."""

from __future__ import annotations

from collections.abc import Sequence

from agentspan.agents.agent_runtime import AgentRuntime
from agentspan.agents.testing.replay import HistoryError, ended_command


def history_lines(runtime: AgentRuntime, run_id: str, *, command: Sequence[str] | None = None) -> str:
    """A run that has ended and those that it started, as `agentspan runs export` writes them: for a file to replay.

    Path("histories/refunds.jsonl").write_text(history_lines(kit.runtime, run.run_id), "utf-8")

    Raises HistoryError where it cannot be had. A server that asks for a key is given that of AGENTSPAN_API_KEY.

    Args:
        runtime: Of the server that has the run; a kit's is `kit.runtime`, until the kit's server ends.
        run_id: The run's id.
        command: The command, where it is neither installed as `agentspan` nor named in AGENTSPAN_COMMAND.
    """
    words, ended = ended_command(["runs", "export", "--url", runtime._options.url, "--", run_id], command, "")
    if ended.returncode != 0:
        raise HistoryError(ended.stderr.strip() or f"The command {words[0]} ended with {ended.returncode}.")
    return ended.stdout
