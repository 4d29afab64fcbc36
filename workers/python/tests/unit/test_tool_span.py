"""Spans of tools, in an SDK of OpenTelemetry that a program has set up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from agentspan.agents import tool
from agentspan.worker import tool_span
from agentspan.worker.task_run import run_task
from tests.unit.fake_link import ACCEPTED, Bench, grant

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
exporter = InMemorySpanExporter()
seen: list[int] = []


@pytest.fixture(scope="module", autouse=True)
def _provider() -> None:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    exporter.clear()
    seen.clear()
    yield
    logging.getLogger("agentspan").handlers.clear()


@tool
def get_order(order_id: str) -> str:
    """Look up an order by ID."""
    seen.append(trace.get_current_span().get_span_context().span_id)
    if order_id == "secret":
        raise OSError("the key is sk-123")
    return order_id


@tool
async def wait_for(order_id: str) -> str:
    """Look up an order by ID, without a thread."""
    await asyncio.sleep(0)
    seen.append(trace.get_current_span().get_span_context().span_id)
    return order_id


def span_of(which: Any, order_id: str = "ORD-1", traceparent: str = PARENT) -> ReadableSpan:
    granted = grant(which.name, {"order_id": order_id})
    granted.grant.traceparent = traceparent
    bench = Bench(which, claim=[granted], complete=[ACCEPTED])
    asyncio.run(run_task(bench.parts, bench.task))
    (span,) = exporter.get_finished_spans()
    return span


@pytest.mark.parametrize("which", [get_order, wait_for])
def test_is_in_the_trace_of_the_grant_and_active_while_the_tool_runs(which: Any) -> None:
    span = span_of(which)
    assert span.name == f"execute_tool {which.name}"
    assert span.parent is not None
    assert (f"{span.parent.trace_id:032x}", f"{span.parent.span_id:016x}") == (TRACE, "00f067aa0ba902b7")
    assert seen == [span.context.span_id]
    assert span.attributes is not None
    assert span.attributes == {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": which.name,
        "gen_ai.tool.type": "function",
        "gen_ai.tool.call.id": "t1c1",
        "gen_ai.agent.name": span.attributes["gen_ai.agent.name"],
        "gen_ai.conversation.id": "run_1",
        "agentspan.run.id": "run_1",
        "agentspan.attempt": 1,
    }


def test_begins_a_trace_where_nobody_told_of_one() -> None:
    assert span_of(get_order, traceparent="").parent is None


def test_tells_the_type_of_an_error_and_not_its_words() -> None:
    span = span_of(get_order, "secret")
    assert span.attributes is not None
    assert span.attributes["error.type"] == "OSError"
    assert span.status.status_code is trace.StatusCode.ERROR
    assert span.status.description is None
    assert span.events == ()


def test_is_none_without_opentelemetry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool_span, "HAS_OPENTELEMETRY", False)
    granted = grant("get_order", {"order_id": "ORD-1"})
    bench = Bench(get_order, claim=[granted], complete=[ACCEPTED])
    asyncio.run(run_task(bench.parts, bench.task))
    assert exporter.get_finished_spans() == ()
    assert len(bench.link.requests("complete")) == 1
