"""The runs that a test made, so that whatever fails in it can show what happened in them."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agentspan.agents.testing.tested_run import TestedRun

_MOST = 100

seen_runs: deque[TestedRun] = deque(maxlen=_MOST)
"""The last ones, oldest first; forgotten where a test of pytest begins."""


def see(run: TestedRun) -> TestedRun:
    """Notes a run, or what it has come to by now, and gives it back."""
    for known in [known for known in seen_runs if known.run_id == run.run_id]:
        seen_runs.remove(known)
    seen_runs.append(run)
    return run
