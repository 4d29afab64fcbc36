"""A run of a kit, recorded and replayed."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentspan.agents.testing import HistoryError, approve, calls, history_lines, memory_kit, replay, says
from tests.servers.kit.refund_agent import REFUND, refund_agent


def test_is_replayed_by_the_agent_of_the_day(tmp_path: Path) -> None:
    file = tmp_path / "refund.jsonl"
    model = [calls("process_refund", REFUND), says("Done.")]
    with memory_kit(model=model, decisions={"process_refund": approve(by="maria")}) as kit:
        run = kit.run(refund_agent(), "Refund")
        file.write_text(history_lines(kit.runtime, run.run_id), "utf-8")
        with pytest.raises(HistoryError, match="no-such-run"):
            history_lines(kit.runtime, "no-such-run")
    assert replay(file, refund_agent()).notes == ()
    expiring = replay(file, refund_agent(expires_in="1d"))
    assert expiring.notes == ("An approval that never expired does now (event 4).",)
