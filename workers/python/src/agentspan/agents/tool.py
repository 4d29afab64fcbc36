"""Functions that a model may call."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, Literal, ParamSpec, TypeVar, overload

from typing_extensions import TypedDict, Unpack

from agentspan.agents.approval_policy import ApprovalOptions, require_options
from agentspan.agents.docstring import described
from agentspan.agents.duration import Duration, to_message
from agentspan.agents.errors import invalid
from agentspan.agents.gate import gate_of, misplaced, require_flag
from agentspan.agents.input_schema import InputSchema, JsonSchema, schema_of_function, schema_of_json
from agentspan.agents.limits import TOOL_DESCRIPTION_BYTES, TOOL_SCHEMA_BYTES, require_name, require_size
from agentspan.agents.preview import PreviewContext
from agentspan.agents.probe import ProbeAnswer, ProbeContext
from agentspan.agents.tool_context import ToolContext
from agentspan.agents.tool_function import ToolFunction
from agentspan.v1 import agent_pb2

P = ParamSpec("P")
R = TypeVar("R")


class RetryOptions(TypedDict, total=False):
    """How failed attempts of a plain tool are repeated; the server's defaults where left out (3, 1 s, 60 s, 2)."""

    #: Attempts in all, the first included. Of a guarded tool: starts for one approval, where its probe answers no.
    max_attempts: int
    initial_backoff: Duration
    max_backoff: Duration
    multiplier: float


class ToolOptions(TypedDict, total=False):
    """What may be said of a tool."""

    #: The function's own unless said. Letters, digits, '_' and '-', at most 64.
    name: str
    #: What the tool does, in words for the model; the function's docstring unless said. At most 16 KiB.
    description: str
    #: In place of the function's type hints: the arguments are what the text says, checked but not changed.
    input_schema: JsonSchema
    #: A person must approve each call before it runs.
    approval_required: bool
    #: Approving demands the approval id and the digest that was shown: a bare approve is refused.
    approval_explicit: bool
    #: True is approval_required; a dict also says who may approve, and how.
    approval: Literal[True] | ApprovalOptions
    #: Starts at most once, like an approved call, but without a person.
    once: bool
    retry: RetryOptions
    #: How long one attempt may run; 10 minutes for a guarded tool where left out, no limit for a plain one.
    timeout: Duration
    #: How long a call may wait for a worker; for ever where left out.
    start_timeout: Duration
    #: Where workers take its calls; the agent's name unless said.
    queue: str
    #: Whoever receives the effect enforces the idempotency key: a second call with it changes nothing. Where the probe
    #: answers that a call did not happen, it then runs again by itself; otherwise a person is asked.
    enforces_idempotency: bool
    #: For a tool that starts at most once: asked where the worker of a call was lost, before a person is. It is called
    #: as the tool is, with a ProbeContext where a parameter asks for one, and returns a ProbeAnswer.
    probe: Callable[..., ProbeAnswer | Any]
    #: For a tool that a person must approve: looks at what a call would do. It is called as the tool is, with a
    #: PreviewContext where a parameter asks for one.
    preview: Callable[..., Any]
    #: What of the preview must be the same when the call runs, as paths ("after.balance"); all of it where left out.
    preview_fields: Sequence[str]
    #: How long the preview may take; 10 s where left out.
    preview_timeout: Duration


_RETRY: Mapping[str, type | tuple[type, ...]] = {
    "max_attempts": int,
    "initial_backoff": object,
    "max_backoff": object,
    "multiplier": (int, float),
}

_OPTIONS: Mapping[str, type] = dict.fromkeys(ToolOptions.__annotations__, object)


class Tool(Generic[P, R]):
    """A function that a model may call, ready to be listed by an agent and served by a worker.

    Called by a program it is the function itself. Made by `tool`; a copy with another gate would tell the server one
    thing and the worker another.
    """

    def __init__(self, function: Callable[P, R], options: ToolOptions) -> None:
        if not callable(function) or isinstance(function, Tool):
            words = "must be a function that is no tool yet"
            raise invalid(f"The first argument of tool() is {function!r}; it {words}.", "function", words)
        said = described(function)
        self.name = options.get("name", getattr(function, "__name__", ""))
        owner = f"tool {json.dumps(self.name, default=str)}"
        require_name(self.name, "a tool")
        description = options.get("description", said.description)
        if not isinstance(description, str) or not description.strip():
            words = "has no description: write a docstring, which tells the model what it does"
            raise invalid(f"The {owner} {words}.", "description", words)
        require_size(description, TOOL_DESCRIPTION_BYTES, f"description of {owner}")
        self.description = description
        self.approval = gate_of(
            owner,
            approval_required=options.get("approval_required", False),
            approval_explicit=options.get("approval_explicit", False),
            approval=options.get("approval"),
        )
        for flag in ("once", "enforces_idempotency"):
            require_flag(options.get(flag, False), flag, owner)
        self.once = options.get("once", False)
        self.enforces_idempotency = options.get("enforces_idempotency", False)
        self.queue = options.get("queue")
        if self.queue is not None:
            require_name(self.queue, f"the queue of {owner}")
        self._require_guarded(options, owner)
        schema, context = _schema_of(function, options, said.parameters, owner)
        require_size(schema.json_text, TOOL_SCHEMA_BYTES, f"schema of {owner}")
        self.schema: InputSchema = schema
        #: What a worker calls.
        self.execute = ToolFunction(function, context)
        self.probe = _looking(options.get("probe"), ProbeContext, "probe", owner)
        self.preview = _looking(options.get("preview"), PreviewContext, "preview", owner)
        #: As an agent's definition tells it.
        self.message = self._message(options, owner)
        # Not its attributes: one that is called as ours would take the place of ours.
        functools.update_wrapper(self, function, updated=())
        self._function = function

    @property
    def approval_required(self) -> bool:
        """Whether a person must approve every call."""
        return self.approval is not None and self.approval.required

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Calls the function itself, without asking anybody."""
        return self._function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<tool {self.name}>"

    def _require_guarded(self, options: ToolOptions, owner: str) -> None:
        # A plain tool is tried again anyway: nobody asks what became of an attempt.
        if self.approval is None and not self.once:
            rule = "is for a tool that starts at most once: set approval_required or once as well"
            if options.get("probe") is not None:
                raise misplaced("probe", owner, rule)
            if self.enforces_idempotency:
                raise misplaced("enforces_idempotency", owner, rule)
        if options.get("preview") is None:
            for field in ("preview_fields", "preview_timeout"):
                if options.get(field) is not None:
                    raise misplaced(field, owner, "is for a tool with a preview")
        elif self.approval is None:
            rule = "is for a tool that a person must approve: set approval_required as well"
            raise misplaced("preview", owner, rule)

    def _message(self, options: ToolOptions, owner: str) -> agent_pb2.Tool:
        message = agent_pb2.Tool(
            name=self.name,
            description=self.description,
            input_schema_json=self.schema.json_text,
            queue=self.queue or "",
            once=self.once,
        )
        if self.approval is not None:
            message.approval.CopyFrom(self.approval)
        if self.preview is not None:
            message.preview.CopyFrom(_preview_policy(options, owner))
        if "retry" in options:
            message.retry.CopyFrom(_retry(options["retry"], owner))
        if "timeout" in options:
            message.timeout.CopyFrom(to_message(options["timeout"], f"{owner}.timeout"))
        if "start_timeout" in options:
            message.start_timeout.CopyFrom(to_message(options["start_timeout"], f"{owner}.start_timeout"))
        return message


@overload
def tool(function: Callable[P, R], /) -> Tool[P, R]: ...
@overload
def tool(**options: Unpack[ToolOptions]) -> Callable[[Callable[P, R]], Tool[P, R]]: ...
def tool(function: Callable[..., Any] | None = None, /, **options: Unpack[ToolOptions]) -> Any:
    """Makes a tool of a function: its type hints are what the model must say, its docstring tells the model what for.

    Sync functions run in threads, async ones in an event loop. What it returns is sent as JSON (at most 256 KiB). What
    it raises is tried again by the retry options, a TerminalError is not. Raises INVALID_REQUEST or LIMIT_EXCEEDED
    where the options cannot be used.

        @tool(approval_required=True)
        def process_refund(order_id: str, amount: float) -> dict:
            \"\"\"Issue a refund. Requires human approval.\"\"\"
    """
    require_options(options, "tool()", _OPTIONS)
    if function is None:
        return lambda decorated: Tool(decorated, options)
    return Tool(function, options)


def _schema_of(
    function: Callable[..., Any], options: ToolOptions, parameters: dict[str, str], owner: str
) -> tuple[InputSchema, str | None]:
    given = options.get("input_schema")
    if given is None:
        return schema_of_function(function, parameters, ToolContext, f"{owner}.input_schema")
    return schema_of_json(given, f"{owner}.input_schema"), ToolFunction.context_of(function, ToolContext)


def _looking(function: object, context: type, field: str, owner: str) -> ToolFunction | None:
    if function is None:
        return None
    if not callable(function):
        raise misplaced(field, owner, "must be a function")
    return ToolFunction(function, ToolFunction.context_of(function, context))


def _preview_policy(options: ToolOptions, owner: str) -> agent_pb2.PreviewPolicy:
    policy = agent_pb2.PreviewPolicy()
    fields = options.get("preview_fields", [])
    if isinstance(fields, str) or not all(isinstance(path, str) and all(path.split(".")) for path in fields):
        raise misplaced("preview_fields", owner, 'must be a list of paths such as "after.balance"')
    policy.fields.extend(fields)
    if "preview_timeout" in options:
        policy.timeout.CopyFrom(to_message(options["preview_timeout"], f"{owner}.preview_timeout"))
    return policy


def _retry(retry: RetryOptions, owner: str) -> agent_pb2.RetryPolicy:
    require_options(retry, f"The retry of the {owner}", _RETRY)
    policy = agent_pb2.RetryPolicy(max_attempts=retry.get("max_attempts", 0), multiplier=retry.get("multiplier", 0))
    if "initial_backoff" in retry:
        policy.initial_backoff.CopyFrom(to_message(retry["initial_backoff"], f"{owner}.retry.initial_backoff"))
    if "max_backoff" in retry:
        policy.max_backoff.CopyFrom(to_message(retry["max_backoff"], f"{owner}.retry.max_backoff"))
    return policy
