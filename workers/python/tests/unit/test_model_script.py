"""The model of a kit, by its server: what it says to a request, and what of a script that was not what happened."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from pydantic import BaseModel

from agentspan.agents import Agent, tool
from agentspan.agents.testing import ModelScript, ToldModel, calls, fails, says
from agentspan.agents.testing.kit_functions import FunctionsInProgress
from agentspan.agents.testing.kit_verdicts import Verdicts
from agentspan.agents.testing.model_script import ScriptedModel
from agentspan.agents.testing.model_server import ModelServer

USER = {"role": "user", "content": "Where is ORD-1?"}
SYSTEM = {"role": "system", "content": "You look up."}


@tool
def get_order(order_id: str) -> None:
    """Look up an order."""


AGENT = Agent(name="shop", model="openai/gpt-4o-mini", tools=[get_order], instructions="You look up.")


def called(number: int, result: str) -> list[dict[str, Any]]:
    """A turn before, in which the model called the tool, and what became of it."""
    name = f"call_{number}_1"
    call = {"id": name, "type": "function", "function": {"name": "get_order", "arguments": "{}"}}
    return [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": name, "content": result},
    ]


class Asked:
    """A model server, asked as a server asks it."""

    def __init__(self) -> None:
        self.server = ModelServer()

    def model(self, script: ModelScript, *agents: Agent) -> ScriptedModel:
        model = ScriptedModel(script, FunctionsInProgress(), Verdicts())
        model.know(agents or [AGENT])
        self.server.add(model)
        return model

    def ask(self, *messages: dict[str, Any], tools: tuple[str, ...] = ("get_order",)) -> tuple[int, dict[str, Any]]:
        at = urlsplit(self.server.base_url)
        connection = http.client.HTTPConnection(at.netloc, timeout=30)
        told = {"messages": messages, "tools": [{"type": "function", "function": {"name": name}} for name in tools]}
        connection.request("POST", f"{at.path}/chat/completions", json.dumps(told))
        answer = connection.getresponse()
        body = json.loads(answer.read())
        connection.close()
        return answer.status, body

    def says(self, *messages: dict[str, Any], tools: tuple[str, ...] = ("get_order",)) -> Any:
        """The text of an answer, or what is said of a failure."""
        status, body = self.ask(*messages, tools=tools)
        return body["choices"][0]["message"]["content"] if status == 200 else (status, body["error"]["message"])


@pytest.fixture
def asked() -> Iterator[Asked]:
    made = Asked()
    yield made
    made.server.stop()


def test_says_its_turns_in_their_order_as_a_provider_does(asked: Asked) -> None:
    model = asked.model(
        [calls("get_order", {"order_id": "Ö"}).and_("get_order", "no JSON").saying("I look."), says("It is.")]
    )
    status, first = asked.ask(SYSTEM, USER)
    (choice,) = first["choices"]
    assert (status, choice["finish_reason"], choice["message"]["content"]) == (200, "tool_calls", "I look.")
    assert choice["message"]["tool_calls"] == [
        {"id": "call_1_1", "type": "function", "function": {"name": "get_order", "arguments": '{"order_id":"Ö"}'}},
        {"id": "call_1_2", "type": "function", "function": {"name": "get_order", "arguments": "no JSON"}},
    ]
    assert first["usage"] == {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    _, second = asked.ask(SYSTEM, USER, *called(1, "{}"))
    assert second["choices"][0]["message"] == {"role": "assistant", "content": "It is."}
    assert second["choices"][0]["finish_reason"] == "stop"
    assert (model.unexpected, model.unused, [one.agent_name for one in model.asked]) == ([], [], ["shop", "shop"])


def test_tells_a_turn_that_is_a_function_what_the_model_was_told(asked: Asked) -> None:
    told: list[ToldModel] = []

    def turn(of: ToldModel) -> Any:
        told.append(of)
        return says("Seen.")

    asked.model([calls("get_order"), calls("get_order"), turn])
    assert asked.says(SYSTEM, USER, *called(1, "words"), *called(2, '{"status":"here"}')) == "Seen."
    (one,) = told
    assert (one.instructions, one.input, one.turn, one.tool_names) == (
        "You look up.",
        "Where is ORD-1?",
        3,
        ("get_order",),
    )
    assert [(result.tool_name, result.value) for result in one.results] == [("get_order", {"status": "here"})]
    last = one.result_of("get_order")
    assert last is not None
    assert last.value == {"status": "here"}
    assert one.result_of("other") is None
    assert [message.role for message in one.messages] == ["system", "user", "assistant", "tool", "assistant", "tool"]


async def later(of: ToldModel) -> Any:
    return says(of.input)


def test_takes_an_async_function_for_a_turn_and_whatever_has_a_json_form_for_an_answer(asked: Asked) -> None:
    class Order(BaseModel):
        id: str

    asked.model([later])
    assert asked.says(SYSTEM, USER) == "Where is ORD-1?"
    assert says(Order(id="1")).text == '{"id":"1"}'
    assert says({"id": [1, None]}).text == '{"id":[1,null]}'


def test_fails_as_a_provider_that_is_busy_and_as_one_that_refuses(asked: Asked) -> None:
    model = asked.model([fails("busy"), fails("no", again=False), says("At last.")])
    assert [asked.says(SYSTEM, USER) for _ in range(3)] == [(503, "busy"), (400, "no"), "At last."]
    assert model.unused == []


def test_says_what_was_asked_and_is_not_written(asked: Asked) -> None:
    model = asked.model([calls("get_order")])
    refused = (400, "The test's script has no turn for this request.")
    assert asked.says(SYSTEM, USER, *called(1, "{}")) == refused
    assert model.unexpected == [
        "The model was asked for turn 2 in a run of shop, and its script has 1 turn. It had been told get_order: {}"
    ]
    assert model.unused_by("shop", "another") == [
        'The model was not asked for turn 1 of the script: calls("get_order", {}).'
    ]


def test_says_that_a_function_raised_or_gave_no_turn(asked: Asked) -> None:
    model = asked.model([lambda _: 1 / 0, lambda _: "It is."])  # type: ignore[list-item,return-value]
    asked.says(SYSTEM, USER)
    asked.says(SYSTEM, USER, *called(1, "{}"))
    assert model.unexpected == [
        "The function of turn 1 in a run of shop raised: division by zero",
        "The function of turn 2 in a run of shop gave 'It is.': it gives a turn, such as says() or calls().",
    ]


def test_says_the_turns_of_each_agent_and_knows_them_by_instructions_and_tools(asked: Asked) -> None:
    desk = Agent(name="desk", model="a/b", instructions="You hand on.")
    model = asked.model({"shop": [says("shop")], "desk": [says("desk"), says("unused")]}, AGENT, desk)
    assert asked.says(SYSTEM, USER) == "shop"
    assert asked.says({"role": "system", "content": "You hand on."}, USER, tools=()) == "desk"
    assert asked.says(USER, tools=("other",))[0] == 400
    assert model.unused == ['The model was not asked for turn 2 of the script: says("unused").']
    assert model.unexpected == [
        "The model was asked in a run of an agent that the kit does not know, and the script has turns for shop, desk "
        "only."
    ]


def test_answers_by_the_newest_kit_that_knows_the_agent_and_by_none_when_it_has_left(asked: Asked) -> None:
    other = Agent(name="other", model="a/b")
    asked.model([says("first")])
    newest = ScriptedModel([says("newest")], FunctionsInProgress(), Verdicts())
    newest.know([other])
    leave = asked.server.add(newest)
    assert asked.says(SYSTEM, USER) == "first"
    assert asked.says(USER, tools=()) == "newest"
    leave()
    assert asked.says(SYSTEM, USER) == "first"


def test_counts_a_turn_among_the_functions_that_run_for_as_long_as_it_does(asked: Asked) -> None:
    functions, running, go = FunctionsInProgress(), threading.Event(), threading.Event()

    def turn(_: ToldModel) -> Any:
        running.set()
        go.wait(30)
        return says("Done.")

    model = ScriptedModel([turn], functions, Verdicts())
    model.know([AGENT])
    asked.server.add(model)
    answers: list[Any] = []
    asking = threading.Thread(target=lambda: answers.append(asked.says(SYSTEM, USER)))
    asking.start()
    assert running.wait(30)
    oldest = functions.oldest
    assert oldest is not None
    assert oldest.name == "A turn of the model"
    go.set()
    asking.join(30)
    assert (answers, functions.oldest) == (["Done."], None)
