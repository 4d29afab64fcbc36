"""Every block of Python of the README runs, one after the other, as a reader would type them."""

from __future__ import annotations

import asyncio
import builtins
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from agentspan import agents
from tests.servers.conftest import waiting
from tests.servers.stack import Stack
from tests.unit.test_receipts import receipt, text_of
from tests.unit.test_signing import trusted_text

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
REFUND = {"order_id": "ORD-8821", "amount": 29.99}


@pytest.fixture
def names(stack: Stack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """The names of a session that has run the blocks before."""
    for name, value in stack.settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AGENTSPAN_API_KEY", raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", stack.env["OPENAI_API_KEY"])
    monkeypatch.chdir(tmp_path)
    (tmp_path / "trusted-keys.json").write_text(trusted_text(), "utf-8")
    monkeypatch.setattr(builtins, "input", lambda _: "y")
    yield {"__name__": "readme", "receipt_text": text_of(receipt())}
    agents.shutdown()


def run(block: str, names: dict[str, Any]) -> None:
    exec(compile(block, "README.md", "exec", dont_inherit=True), names)


def test_the_readmes_code_runs(
    stack: Stack,
    names: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, tools, others, web, errors, testing, kit, replayed, signing = BLOCKS
    said = "Customer Alex wants a refund on order ORD-8821"
    script = ({"get_order": {"order_id": "ORD-8821"}}, {"process_refund": REFUND}, "Refunded.")
    stack.model.script(said, *script, exactly=True)
    run(first, names)
    lines = r'(run_\w+) wants process_refund \{"amount":29\.99,"order_id":"ORD-8821"\}\nRefunded\.\n'
    shown = re.fullmatch(lines, capsys.readouterr().out)
    assert shown is not None
    first_run = shown[1]

    bookings: dict[str, float] = {}

    def adjust(account: str, amount: float, key: str) -> dict[str, float]:
        bookings[key] = amount
        return {"amount": amount}

    names["bank"] = SimpleNamespace(
        balance=lambda account: 100.0, find=bookings.get, is_closed=lambda account: account == "closed", adjust=adjust
    )
    run(tools, names)
    teller = agents.Agent(name="teller", model="openai/gpt-4o-mini", tools=[names["adjust"]])
    calls = [("adjust", {"account": account, "amount": 5}) for account in ("open", "closed")]
    told = stack.model.script("small amounts", calls, "Adjusted.")
    assert agents.run(teller, told).is_success
    assert stack.model.told(told)[0] == '{"amount":5.0}'
    assert "closed is closed" in stack.model.told(told)[1]
    assert list(bookings.values()) == [5]
    run(others, names)
    run(web, names)
    asyncio.run(the_web_app(names["app"], stack))
    run(errors, names)
    run(testing, names)
    stack.export(first_run, tmp_path / "refund-approved.jsonl")
    monkeypatch.setenv("AGENTSPAN_COMMAND", shlex.join(stack.command))
    run(kit, names)
    run(replayed, names)
    run(signing, names)


async def the_web_app(app: Any, stack: Stack) -> None:
    """It starts, approves, and stops."""
    said = stack.model.script("by the web app", {"process_refund": REFUND}, "Refunded.")
    async with app.router.lifespan_context(app):
        handle = await app.state.runtime.start_async("refund_agent", said)
        await asyncio.to_thread(waiting, handle)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://app") as client:
            answer = await client.post(f"/approvals/{handle.execution_id}/approve")
        assert [one["closed"] for one in answer.json()] == [True]
        assert (await handle.result_async()).output["result"] == "Refunded."


def test_leads_to_files_that_are_there() -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#([^)]+))?\)", README)
    assert len(links) > 5
    for path, anchor in links:
        target = Path(__file__).parents[2] / path
        assert target.exists(), path
        if anchor:
            headings = re.findall(r"^#+ (.+)$", target.read_text("utf-8"), re.MULTILINE)
            assert anchor in [heading.lower().replace(" ", "-") for heading in headings]
