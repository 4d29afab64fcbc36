"""Whether an answer is of a type."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter, ValidationError

from agentspan.agents.json_text import write_json
from agentspan.agents.testing.finding import Finding
from agentspan.agents.testing.findings import output_text
from agentspan.agents.testing.matches import expected_text, is_true
from agentspan.agents.testing.tested_run import TestedRun

_PLAIN: tuple[type, ...] = (str, int, float, bool, list, dict, type(None))


def output_type(run: TestedRun, kind: Any) -> Finding:
    """Of one of JSON's own types; of whatever type pydantic knows, strictly; or a function is true of it."""
    if "result" not in run.output:
        return Finding(False, f"the output to be of type {_name_of(kind)}", output_text(run))
    result = run.output["result"]
    if kind in _PLAIN:
        holds = type(result) is kind or (kind is float and type(result) is int)
        instead = f"It is of type {_name_of(type(result))}. {output_text(run)}"
        return Finding(holds, f"the output to be of type {_name_of(kind)}", instead)
    if callable(kind) and not isinstance(kind, type) and not hasattr(kind, "__origin__"):
        return Finding(is_true(kind, result), f"the output to be {expected_text(kind)}", output_text(run))
    try:
        TypeAdapter(kind).validate_json(write_json(result), strict=True)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, one['loc'])) or 'it'}: {one['msg']}" for one in error.errors(include_url=False)]
        instead = f"{output_text(run)} What is wrong with it: {'; '.join(faults)}."
        return Finding(False, f"the output to fit {_name_of(kind)}", instead)
    return Finding(True, f"the output to fit {_name_of(kind)}", output_text(run))


def _name_of(kind: Any) -> str:
    if kind is type(None):
        return "None"
    return kind.__name__ if isinstance(kind, type) else str(kind)
