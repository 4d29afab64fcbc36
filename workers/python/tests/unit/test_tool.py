from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from agentspan.agents import Agent, AgentspanError, Happened, agent_tool, human_tool, tool
from agentspan.agents.duration import to_seconds
from agentspan.v1 import agent_pb2


def pay(amount: float) -> dict[str, float]:
    """Pay out."""
    return {"paid": amount}


def look(amount: float) -> dict[str, float]:
    return {"after": -amount}


def asked(amount: float) -> Happened:
    return Happened()


def test_a_tool_is_still_the_function() -> None:
    made = tool(pay)
    assert made(3) == {"paid": 3}
    assert made.__doc__ == "Pay out."
    assert made.name == "pay"


def test_takes_no_attribute_of_the_function_for_its_own_and_no_tool_for_a_function() -> None:
    def named() -> None:
        """Do something."""

    named.approval = named.message = "mine"  # type: ignore[attr-defined]
    assert tool(approval_required=True)(named).approval_required
    with pytest.raises(AgentspanError, match="no tool yet"):
        tool(tool(pay))


def test_one_line_makes_every_call_wait() -> None:
    made = tool(approval_required=True)(pay)
    assert made.approval_required
    assert made.message.approval == agent_pb2.ApprovalPolicy(required=True)
    assert tool(approval=True)(pay).message.approval == made.message.approval
    assert not tool(pay).message.HasField("approval")


def test_tells_the_whole_policy() -> None:
    made = tool(
        approval={
            "rule": "args.amount > 100",
            "explicit": True,
            "approvers": {"users": ["maria"], "groups": ["finance"]},
            "votes": 2,
            "self_approval": True,
            "expires_in": "1d",
            "on_expiry": "escalate",
            "escalate_to": {"groups": ["board"]},
            "escalation_expires_in": timedelta(hours=2),
            "remind_every": 14_400,
        },
        timeout="5m",
        start_timeout="1h",
        once=True,
        queue="payouts",
        enforces_idempotency=True,
        retry={"max_attempts": 2, "initial_backoff": 0.5, "max_backoff": "1m", "multiplier": 3},
        probe=asked,
        preview=look,
        preview_fields=["after"],
        preview_timeout=2,
    )(pay)
    policy = made.message.approval
    assert not made.approval_required
    assert (policy.required, policy.rule, policy.explicit, policy.votes_required) == (
        False,
        "args.amount > 100",
        True,
        2,
    )
    assert (list(policy.approvers.users), list(policy.approvers.groups)) == (["maria"], ["finance"])
    assert policy.self_approval
    assert policy.expires_in.seconds == 86_400
    assert policy.on_expiry == agent_pb2.ON_EXPIRY_ESCALATE
    assert list(policy.escalate_to.groups) == ["board"]
    assert (policy.escalation_expires_in.seconds, policy.remind_every.seconds) == (7_200, 14_400)
    message = made.message
    assert (message.timeout.seconds, message.start_timeout.seconds) == (300, 3600)
    assert (message.once, message.queue) == (True, "payouts")
    assert message.retry.initial_backoff.nanos == 500_000_000
    assert (message.retry.max_attempts, message.retry.max_backoff.seconds, message.retry.multiplier) == (2, 60, 3)
    assert (list(message.preview.fields), message.preview.timeout.seconds) == (["after"], 2)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"aproval_required": True}, "Did you mean approval_required"),
        ({"approval_required": "false"}, "must be True or False"),
        ({"approval_explicit": True}, "set approval_required as well"),
        ({"approval": False}, "leave it out for neither"),
        ({"approval": {"aprovers": {"users": ["a"]}}}, "Did you mean approvers"),
        ({"approval": {"approvers": {"users": []}}}, "at least one user or group"),
        ({"approval": {"approvers": {"people": ["a"]}}}, "has no option 'people'"),
        ({"approval": {"votes": True}}, "must be of the kind int"),
        ({"approval": {"rule": ""}}, "is empty"),
        ({"approval": {"rule": "true"}, "approval_required": True}, "the rule of its approval says which"),
        ({"approval": {"on_expiry": "fail"}}, "set expires_in as well"),
        ({"approval": {"expires_in": 5, "on_expiry": "later"}}, 'must be "reject"'),
        ({"approval": {"expires_in": 5, "on_expiry": "escalate"}}, "which needs it"),
        ({"approval": {"expires_in": 5, "escalation_expires_in": 5}}, 'goes with on_expiry "escalate"'),
        ({"probe": asked}, "set approval_required or once as well"),
        ({"enforces_idempotency": True}, "set approval_required or once as well"),
        ({"preview": look}, "set approval_required as well"),
        ({"approval_required": True, "preview_fields": ["a"]}, "is for a tool with a preview"),
        ({"approval_required": True, "preview": look, "preview_fields": ["a..b"]}, "must be a list of paths"),
        ({"approval_required": True, "preview": 3}, "must be a function"),
        ({"name": "no good"}, "must begin with a letter"),
        ({"queue": "a.b"}, "must begin with a letter"),
        ({"description": " "}, "write a docstring"),
        ({"description": "x" * 20_000}, "the limit is 16384"),
        ({"timeout": -1}, "must be a number of seconds above 0"),
        ({"timeout": "soon"}, "must be a number of seconds above 0"),
        ({"retry": {"attempts": 3}}, "has no option 'attempts'"),
    ],
)
def test_refuses_options_that_cannot_be_meant(options: dict[str, Any], words: str) -> None:
    with pytest.raises(AgentspanError) as refused:
        tool(**options)(pay)
    assert words in str(refused.value)
    assert refused.value.reason in ("INVALID_REQUEST", "LIMIT_EXCEEDED")


def test_reads_every_way_to_write_a_length_of_time() -> None:
    written: list[Any] = [1.5, "1500ms", "1.5s", timedelta(seconds=1.5)]
    assert [to_seconds(one, "x") for one in written] == [1.5] * 4
    for other in (0, float("nan"), float("inf"), True, "5", None):
        with pytest.raises(AgentspanError):
            to_seconds(other, "x")  # type: ignore[arg-type]


def test_asks_people_by_a_tool() -> None:
    size = {"type": "string", "enum": ["S", "M", "L"]}
    asks = human_tool("ask_customer", "Asks the customer.", answer=size, approvers={"groups": ["support"]})
    message = asks.message
    assert message.kind == agent_pb2.TOOL_KIND_HUMAN
    assert json.loads(message.answer_schema_json) == size
    assert json.loads(message.input_schema_json)["required"] == ["question"]
    assert not message.approval.required
    assert list(message.approval.approvers.groups) == ["support"]
    assert json.loads(human_tool("ask", "Asks.", answer=int).message.answer_schema_json) == {"type": "integer"}
    with pytest.raises(AgentspanError, match="is not an option of human_tool"):
        human_tool("ask", "Asks.", votes=2)  # type: ignore[call-arg]


def test_hands_work_to_another_agent_and_serves_its_tools() -> None:
    refunds = Agent(name="refunds", model="demo/refund", tools=[tool(pay)])
    desk = Agent(name="desk", model="demo/refund", tools=[agent_tool(refunds, "Handles refunds.", approval=True)])
    (message,) = desk.definition.tools
    assert (message.kind, message.agent_name) == (agent_pb2.TOOL_KIND_AGENT, "refunds")
    assert message.approval.required
    assert desk.below == [refunds]
    assert desk.served == []
    assert Agent(name="top", model="demo/x", tools=[agent_tool(desk, "All.")]).below == [refunds, desk]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"model": "gpt-4o"}, "provider/model"),
        ({"name": "no good"}, "must begin with a letter"),
        ({"tools": [pay]}, "make it with one of them"),
        ({"tools": [tool(pay), tool(pay)]}, "two tools named"),
        ({"max_turns": -1}, "whole number"),
        ({"instructions": "x" * 300_000}, "the limit is 262144"),
    ],
)
def test_refuses_an_agent_that_no_server_takes(options: dict[str, Any], words: str) -> None:
    with pytest.raises(AgentspanError, match=words):
        Agent(**{"name": "desk", "model": "demo/refund", **options})
