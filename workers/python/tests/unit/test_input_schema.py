from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from agentspan.agents import AgentspanError, ToolContext, tool
from agentspan.agents.input_schema import ArgumentsError


class Speed(Enum):
    SLOW = "slow"
    FAST = "fast"


@dataclass
class Address:
    street: str
    zip: str | None = None


class Line(BaseModel):
    sku: str
    count: int = 1


def schema_of(function: Callable[..., Any]) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(tool(function).message.input_schema_json)
    return schema


def test_makes_the_schema_of_type_hints_and_docstring() -> None:
    def process_refund(order_id: str, amount: float, reason: str = "", notify: bool = True) -> dict[str, Any]:
        """Issue a refund.

        Requires human approval.

        Args:
            order_id: Which order,
                as the shop writes it.
            amount (float): In dollars.

        Returns:
            What the model need not know of.
        """
        return {}

    made = tool(process_refund)
    assert made.name == "process_refund"
    assert made.description == "Issue a refund.\n\nRequires human approval."
    assert json.loads(made.message.input_schema_json) == {
        "type": "object",
        "properties": {
            "order_id": {"type": "string", "description": "Which order, as the shop writes it."},
            "amount": {"type": "number", "description": "In dollars."},
            "reason": {"type": "string", "default": ""},
            "notify": {"type": "boolean", "default": True},
        },
        "required": ["order_id", "amount"],
        "additionalProperties": False,
    }


def test_reads_numpys_and_sphinxs_docstrings_too() -> None:
    def numpy(a: int, b: int) -> int:
        """Add.

        Parameters
        ----------
        a : int
            The one.
        b
            The other.

        Returns
        -------
        int
            Their sum.
        """
        return a + b

    def sphinx(a: int, b: int) -> int:
        """Add.

        :param a: The one.
        :param int b: The other.
        :return: Their sum.
        """
        return a + b

    for function in (numpy, sphinx):
        assert tool(function).description == "Add."
        said = {name: one["description"] for name, one in schema_of(function)["properties"].items()}
        assert said == {"a": "The one.", "b": "The other."}


def test_tells_rich_types_and_gives_the_function_what_they_are() -> None:
    @tool
    def ship(
        lines: list[Line],
        to: Address,
        by: Speed,
        on: date | None = None,
        kind: Literal["gift", "sale"] = "sale",
        extra: dict[str, int] | None = None,
    ) -> str:
        """Ship."""
        return ""

    text = '{"lines":[{"sku":"a"}],"to":{"street":"Main"},"by":"fast","on":"2026-12-24"}'
    assert ship.schema.read(text) == {
        "lines": [Line(sku="a", count=1)],
        "to": Address(street="Main"),
        "by": Speed.FAST,
        "on": date(2026, 12, 24),
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"to":{"street":"Main"}}', "'by' is a required property"),
        ('{"to":{"street":"Main"},"by":"fast","more":1}', "'more' was unexpected"),
        ('{"to":{"street":"Main","more":1},"by":"fast"}', "'more' was unexpected"),
        ('{"to":{"street":1},"by":"fast"}', "/to/street: 1 is not of type 'string'"),
        ('{"to":{"street":"Main"},"by":"fast","on":"soon"}', "/on"),
        ("[]", "is not of type 'object'"),
        ("{", "the arguments are not JSON"),
    ],
)
def test_refuses_arguments_that_do_not_fit(text: str, problem: str) -> None:
    @tool
    def ship(to: Address, by: Speed, on: date | None = None) -> str:
        """Ship."""
        return ""

    with pytest.raises(ArgumentsError) as refused:
        ship.schema.read(text)
    assert problem in str(refused.value)


def test_a_number_is_never_made_of_a_text() -> None:
    @tool
    def pay(amount: float) -> None:
        """Pay."""

    assert pay.schema.read('{"amount":3}') == {"amount": 3.0}
    with pytest.raises(ArgumentsError):
        pay.schema.read('{"amount":"3"}')


def test_the_context_is_told_to_no_model() -> None:
    @tool
    def pay(amount: float, about: ToolContext) -> None:
        """Pay."""

    assert list(json.loads(pay.message.input_schema_json)["properties"]) == ["amount"]


def test_takes_a_json_schema_as_it_is() -> None:
    schema = {"type": "object", "properties": {"a.b": {"type": "integer"}}, "required": ["a.b"]}

    @tool(input_schema=schema)
    def anything(**arguments: Any) -> Any:
        """Take anything."""
        return arguments

    assert json.loads(anything.message.input_schema_json) == schema
    read = anything.schema.read('{"a.b":1,"more":[null]}')
    assert anything.execute.call(read, None) == {"a.b": 1, "more": [None]}


def no_hint(value) -> None:  # type: ignore[no-untyped-def]
    """Take a value."""


def test_a_parameter_without_a_hint_takes_anything() -> None:
    assert schema_of(no_hint)["properties"] == {"value": {}}


def lots(*values: int) -> None:
    """Take many."""


def unnamed(value: int, /) -> None:
    """Take one."""


def unknown(value: Nowhere) -> None:  # type: ignore[name-defined]  # noqa: F821
    """Take what is not there."""


class Shop:
    def __init__(self, name: str) -> None:
        self.name = name

    def refund(self, amount: float) -> str:
        """Refund."""
        return f"{self.name} {amount}"

    def __call__(self, amount: float, about: ToolContext) -> str:
        """Pay."""
        return f"{self.name} {amount} {about}"


def test_takes_the_method_of_an_object_and_an_object_that_is_called() -> None:
    refund = tool(Shop("shop").refund)
    assert list(schema_of(Shop("shop").refund)["properties"]) == ["amount"]
    assert refund.execute.call({"amount": 1}, None) == "shop 1"
    pay = tool(name="pay", description="Pay.")(Shop("shop"))
    assert list(json.loads(pay.message.input_schema_json)["properties"]) == ["amount"]
    assert pay.execute.call({"amount": 1}, "context") == "shop 1 context"


def untold(value: Callable[[], None]) -> None:
    """Take a function."""


@pytest.mark.parametrize("function", [lots, unnamed, unknown, untold, Shop.refund])
def test_refuses_what_no_model_could_say(function: Callable[..., Any]) -> None:
    with pytest.raises(AgentspanError, match="The schema of tool") as refused:
        tool(function)
    assert refused.value.reason == "INVALID_REQUEST"
