"""The example worker, started as a person starts it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

from agentspan.agents import AgentRuntime
from tests.servers.conftest import waiting
from tests.servers.programs import SOURCES, output_of
from tests.servers.stack import Stack

EXAMPLE = Path(__file__).parents[2] / "examples" / "refund_worker.py"


def test_the_example_serves_the_refund_agent_and_writes_each_refund_down_once(
    stack: Stack, runtime: AgentRuntime, tmp_path: Path
) -> None:
    ledger = tmp_path / "refunds.jsonl"
    names: dict[str, object] = {"__name__": "example"}
    exec(compile(EXAMPLE.read_text("utf-8"), str(EXAMPLE), "exec", dont_inherit=True), names)
    agent = names["agent"]
    env = {**stack.env, **stack.settings, "REFUND_LEDGER": str(ledger), "PYTHONPATH": str(SOURCES)}
    worker = subprocess.Popen(
        [sys.executable, str(EXAMPLE)], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    refund = {"order_id": "ORD-8821", "amount": 29.99}
    said = stack.model.script(
        "the example", {"get_order": {"order_id": "ORD-8821"}}, {"process_refund": refund}, "Done."
    )
    handle = runtime.start(agent, said, serve=False)  # type: ignore[arg-type]
    (approval,) = waiting(handle).pending_approvals
    assert approval.tool_name == "process_refund"
    assert not ledger.exists()
    handle.approve()
    assert handle.result().is_success
    worker.send_signal(signal.SIGTERM)
    assert "Refunded an order" in output_of(worker)
    (row,) = map(json.loads, ledger.read_text("utf-8").splitlines())
    assert (row["order_id"], row["amount"]) == ("ORD-8821", 29.99)
