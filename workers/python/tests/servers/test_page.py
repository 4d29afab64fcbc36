"""Every snippet of the human-in-the-loop page runs as it stands.

They are in the folder `page`, unchanged; what they take for granted (a billing API, a web app, the agent of the snippet
before) is given to them here.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from agentspan import agents
from agentspan.agents import Agent, AgentspanError, tool
from tests.servers.conftest import until
from tests.servers.stack import Stack

PAGE = Path(__file__).parent / "page"
SOURCES = Path(__file__).parents[2] / "src"
ALEX = "Customer Alex (cust_001) wants a refund on order ORD-8821"
REFUND = {"order_id": "ORD-8821", "amount": 29.99}
LOOKS = ({"get_order": {"order_id": "ORD-8821"}}, {"get_customer": {"customer_id": "cust_001"}})


def snippet(name: str, **given: Any) -> dict[str, Any]:
    """The names that a snippet leaves behind."""
    names = {"__name__": f"page.{name}", **given}
    path = PAGE / f"{name}.py"
    # As a program of its own: what this file says of annotations is not said there.
    exec(compile(path.read_text("utf-8"), str(path), "exec", dont_inherit=True), names)
    return names


def refund_agent(*, self_approval: bool = False) -> Agent:
    """The agent of the complete example, without the program around it."""

    @tool
    def get_order(order_id: str) -> dict[str, Any]:
        """Look up an order by ID."""
        return {"order_id": order_id, "amount": 29.99, "status": "delivered"}

    @tool(approval={"self_approval": self_approval})
    def process_refund(order_id: str, amount: float) -> dict[str, Any]:
        """Issue a refund. Requires human approval."""
        return {"refunded": True, "order_id": order_id, "amount": amount}

    return Agent(name="refund_agent", model="openai/gpt-4o-mini", tools=[get_order, process_refund])


def settings(at: Stack, monkeypatch: pytest.MonkeyPatch, key: str = "") -> None:
    """What a person exports; with authentication on, one thing more."""
    for name, value in at.settings.items():
        monkeypatch.setenv(name, value)
    if key:
        monkeypatch.setenv("AGENTSPAN_API_KEY", key)
    else:
        monkeypatch.delenv("AGENTSPAN_API_KEY", raising=False)


@pytest.fixture(autouse=True)
def _shut_down() -> Iterator[None]:
    yield
    agents.shutdown()


def run_example(at: Stack, said: str, key: str = "") -> subprocess.Popen[str]:
    """The complete example as a program, told this at its questions."""
    env = {**at.env, **at.settings, "PYTHONPATH": str(SOURCES), **({"AGENTSPAN_API_KEY": key} if key else {})}
    program = subprocess.Popen(
        [sys.executable, str(PAGE / "refund_agent.py")],
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert program.stdin is not None
    program.stdin.write(said)
    program.stdin.close()
    program.stdin = None
    return program


def test_the_one_line_change() -> None:
    billing_api = SimpleNamespace(refund=lambda order_id, amount: {"refunded": amount, "order": order_id})
    made = snippet("one_line", billing_api=billing_api)["process_refund"]
    assert made.approval_required
    assert made.description == "Process a refund. Requires human approval before executing."
    assert made("ORD-1", 2.5) == {"refunded": 2.5, "order": "ORD-1"}


def test_the_complete_example_is_approved_and_rejected(stack: Stack) -> None:
    stack.model.script(ALEX, *LOOKS, {"process_refund": REFUND}, "It is done.", exactly=True)
    yes, no = run_example(stack, "y\n"), run_example(stack, "n\nnot delivered yet\n")
    shown, _ = yes.communicate(timeout=60)
    assert yes.returncode == 0, shown
    assert "Run ID: run_" in shown
    asked = "--- Approval required ---\nAgent wants to call: process_refund\nOrder: ORD-8821 Amount: $29.99\n"
    assert f"\n{asked}Approve? (y/n): Approved. Waiting for agent to complete...\n\nResult: It is done.\n" in shown
    shown, _ = no.communicate(timeout=60)
    assert no.returncode == 0, shown
    assert "Approve? (y/n): Rejection reason: Rejected.\n" in shown


class WebApp:
    """The page's endpoints in an app that serves the agent."""

    def __init__(self, at: Stack, key: str | None = None) -> None:
        self._app = FastAPI()
        self._app.state.runtime = at.runtime(api_key=key)
        self._app.state.runtime.serve(refund_agent(), blocking=False)
        snippet("endpoints", app=self._app)

    def post(self, path: str, **params: str) -> Any:
        async def posted() -> Any:
            transport = httpx.ASGITransport(app=self._app)
            async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
                answer = await client.post(path, params=params)
            assert answer.status_code == 200, answer.text
            return answer.json()

        return asyncio.run(posted())

    def close(self) -> None:
        self._app.state.runtime.shutdown()


def begin(at: Stack, said: str) -> str:
    """The page's start of a run, which stores the id and notifies somebody; gives the id."""
    stored: list[dict[str, Any]] = []
    notified: list[str] = []
    db = SimpleNamespace(store_pending_approval=lambda **row: stored.append(row))
    given = {"start": agents.start, "agent": refund_agent(), "customer_message": said, "customer_id": "cust_001"}
    handle = snippet("notify", db=db, notify_approver=notified.append, **given)["handle"]
    assert stored == [
        {"execution_id": handle.execution_id, "context": {"customer": "cust_001", "action": "refund"}},
    ]
    assert notified == [handle.execution_id]
    until(lambda: handle.get_status().is_waiting or None)
    return str(handle.execution_id)


def test_a_web_app_approves_and_rejects_by_the_stored_id(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    settings(stack, monkeypatch)
    client = WebApp(stack)
    runtime = agents.default_runtime()
    approved = begin(stack, stack.model.script("approve", {"process_refund": REFUND}, "Refunded."))
    assert client.post(f"/approvals/{approved}/approve") == {"approved": True}
    assert runtime.handle(approved).result().output["result"] == "Refunded."
    rejected = begin(stack, stack.model.script("reject", {"process_refund": REFUND}, "Not refunded."))
    assert client.post(f"/approvals/{rejected}/reject", reason="no receipt") == {"rejected": True}
    assert runtime.handle(rejected).result().output["result"] == "Not refunded."
    client.close()


def test_each_gated_call_of_several_waits_for_an_approval_of_its_own(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(stack, monkeypatch)
    done: list[Any] = []

    def carry_out(*what: Any) -> dict[str, Any]:
        done.append(what)
        return {"done": list(what)}

    email_service, accounts_db = SimpleNamespace(send=carry_out), SimpleNamespace(delete=carry_out)
    names = snippet("several", tool=tool, email_service=email_service, accounts_db=accounts_db)
    tools = [names["send_email_blast"], names["delete_account"]]
    agent = Agent(name="marketing", model="openai/gpt-4o-mini", tools=tools)
    blast = {"send_email_blast": {"template_id": "spring", "recipient_count": 10}}
    delete = {"delete_account": {"customer_id": "cust_001", "reason": "asked for"}}
    handle = agents.start(agent, stack.model.script("several", blast, delete, "Both done."))
    for expected in (("spring", 10), ("cust_001",)):
        until(lambda: handle.get_status().is_waiting or None)
        handle.approve()
        until(lambda: done[-1:] == [expected] or None)  # noqa: B023 - it is asked within the loop
    assert handle.result().output["result"] == "Both done."


def test_the_loop_over_events_approves_from_within(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings(stack, monkeypatch)
    said = stack.model.script("events", LOOKS[0], {"process_refund": REFUND}, "Refunded.")
    snippet("events", agent=refund_agent(), customer_message=said)
    assert capsys.readouterr().out.splitlines() == [
        "→ calling get_order",
        "→ calling process_refund",
        "paused — waiting for approval",
        "Refunded.",
    ]


def test_a_flow_is_tested_without_a_server() -> None:
    result = snippet("mocked", agent=refund_agent())["result"]
    assert result.output["result"] == "Refund of $29.99 for order ORD-8821 has been processed."


def test_with_authentication_on_a_key_is_the_one_setting(guarded: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    alex, maria = guarded.key("alex", "runner", "approver"), guarded.key("maria", "approver")
    guarded.model.script(ALEX, *LOOKS, {"process_refund": REFUND}, "It is done.", exactly=True)
    no = run_example(guarded, "n\nnot delivered yet\n", alex)

    # Who starts a run does not approve in it: somebody else does.
    settings(guarded, monkeypatch, alex)
    client = WebApp(guarded, maria)
    started = begin(guarded, guarded.model.script("approve", {"process_refund": REFUND}, "Refunded."))
    handle = agents.default_runtime().handle(started)
    with pytest.raises(AgentspanError) as own:
        handle.approve()
    assert own.value.reason == "SELF_APPROVAL"
    assert client.post(f"/approvals/{started}/approve") == {"approved": True}
    assert handle.result().output["result"] == "Refunded."
    client.close()

    # Where the tool says that they may, they do: here by the page's loop.
    said = guarded.model.script("own", {"process_refund": REFUND}, "Refunded.")
    snippet("events", agent=refund_agent(self_approval=True), customer_message=said)

    monkeypatch.delenv("AGENTSPAN_API_KEY")
    with pytest.raises(AgentspanError) as nobody:
        guarded.runtime().handle(started).get_status()
    assert nobody.value.reason == "UNAUTHENTICATED"
    shown, _ = no.communicate(timeout=60)
    assert no.returncode == 0, shown
    assert "Rejected." in shown
