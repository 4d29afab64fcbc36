"""A tool's function as a span, where the program has OpenTelemetry: the extra `otel`, and an SDK that it sets up.

The span is part of the trace of whoever set the run going, which the grant tells, and active while the function runs.
"""

from __future__ import annotations

from typing import Any

from agentspan.agents.tool_function import ToolFunction
from agentspan.v1 import worker_pb2
from agentspan.worker.task_in_hand import TaskInHand

try:
    from opentelemetry import trace
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
except ImportError:
    HAS_OPENTELEMETRY = False
else:
    HAS_OPENTELEMETRY = True


def in_span(function: ToolFunction, task: TaskInHand, grant: worker_pb2.Grant) -> ToolFunction:
    """The function, which runs in a span; itself where there is no OpenTelemetry."""
    return _SpanFunction(function, task, grant) if HAS_OPENTELEMETRY else function


class _SpanFunction(ToolFunction):
    def __init__(self, function: ToolFunction, task: TaskInHand, grant: worker_pb2.Grant) -> None:
        self._within = function
        self.is_async = function.is_async
        self._name = f"execute_tool {task.tool.name}"
        self._traceparent = grant.traceparent
        self._attributes: dict[str, str | int] = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": task.tool.name,
            "gen_ai.tool.type": "function",
            "gen_ai.tool.call.id": task.call_id,
            "gen_ai.agent.name": grant.agent_name,
            "gen_ai.conversation.id": task.run_id,
            "agentspan.run.id": task.run_id,
            "agentspan.attempt": task.attempt,
        }

    def call(self, arguments: dict[str, Any], context: object) -> Any:
        if self.is_async:
            return self._awaited(arguments, context)
        with self._span() as span:
            try:
                return self._within.call(arguments, context)
            except BaseException as error:
                _fail(span, error)
                raise

    async def _awaited(self, arguments: dict[str, Any], context: object) -> Any:
        with self._span() as span:
            try:
                return await self._within.call(arguments, context)
            except BaseException as error:
                _fail(span, error)
                raise

    def _span(self) -> Any:
        parent = TraceContextTextMapPropagator().extract({"traceparent": self._traceparent})
        # What an exception says may be nobody's business in a trace: its type is told, and no more.
        return trace.get_tracer("agentspan").start_as_current_span(
            self._name,
            context=parent,
            attributes=self._attributes,
            record_exception=False,
            set_status_on_exception=False,
        )


def _fail(span: Any, error: BaseException) -> None:
    span.set_attribute("error.type", type(error).__name__)
    span.set_status(trace.StatusCode.ERROR)
