"""The vectors of made-up runs, and how they are written in Python."""

from __future__ import annotations

import dataclasses
import functools
import json
import re
from typing import Any

from google.protobuf.json_format import ParseDict

from agentspan.agents import Agent
from agentspan.agents.call_outcome import CallOutcome
from agentspan.agents.testing import KitError, MockEvent, TestedRun, mock_run, normalised_history
from tests.vectors import vectors

FILE = vectors("mock-runs")
# Fields that hold what programs of the test's author wrote, whose names are not ours.
_DATA = ("args", "asked_args", "arguments", "output", "value", "labels", "answer_schema")


def snake(name: str) -> str:
    return re.sub(r"[A-Z]", lambda letter: f"_{letter[0].lower()}", name)


def camel(name: str) -> str:
    return re.sub(r"_(.)", lambda letter: letter[1].upper(), name)


@functools.cache
def agent_of(name: str) -> Agent:
    definition = FILE["agents"][name]
    agent = Agent(name=definition["name"], model=definition["model"])
    ParseDict(definition, agent.definition)
    return agent


def wanted_of(vector: dict[str, Any]) -> dict[str, Any]:
    """What the server's core makes of the script: of the run, or of why there is none."""
    if "run" in vector:
        return {"run": without_rule_words(vector["run"])}
    return {"refused": {**vector["refused"], "message": in_python(vector["refused"]["message"])}}


def made_of(vector: dict[str, Any]) -> dict[str, Any]:
    """The same of the kit of Python."""
    steps = [step_of(told) for told in vector["events"]]
    try:
        run = mock_run(agent_of(vector["agent"]), FILE["input"], events=steps)
    except KitError as refused:
        message, _, head, *lines = str(refused).split("\n")
        assert head == "The events were:"
        at = next((index for index, line in enumerate(lines) if line.startswith("  > ")), -1)
        assert lines == [f"{'  > ' if index == at else '    '}{step.text}" for index, step in enumerate(steps)]
        told = message if at < 0 else message.replace(steps[at].text, "{step}", 1)
        return {"refused": {"message": without_ids(told), "at": at}}
    return {"run": without_rule_words(plain(run))}


def step_of(told: list[Any]) -> MockEvent:
    name, *args = told
    if name == "decided":
        outcome, details = args
        made: MockEvent = MockEvent.decided(outcome, **{snake(key): one for key, one in details.items()})
        return made
    step: MockEvent = getattr(MockEvent, snake(name))(*args)
    return step


def expected_of(told: list[Any]) -> tuple[str, list[Any]]:
    """An expectation, and its arguments: patterns of events have fields, which are named as in Python."""
    name, *args = told
    is_pattern = name in ("eventsContain", "eventSequence")
    return snake(name), [
        {snake(key): value for key, value in one.items()} if is_pattern and isinstance(one, dict) else one
        for one in args
    ]


def in_python(text: str) -> str:
    """A sentence that names functions of the kit."""
    text = text.replace("{ content: … }", "content=…").replace('"agentName"', '"agent_name"')
    text = text.replace('"toolName"', '"tool_name"')
    text = text.replace("await kit.tested", "kit.tested").replace("by toolName", "by tool_name")
    return re.sub(r"\btool(Call|Result)\b", lambda name: snake(name[0]), text)


def without_ids(text: str) -> str:
    text = re.sub(r"\brun_[a-z0-9]{20,}", "run_1", text)
    return re.sub(r"\b(apr|que)_t(\d+)c(\d+)_\d+", r"\1_t\2c\3", text)


def without_rule_words(told: Any) -> Any:
    """Each interpreter of rules says in words of its own why it could not apply one."""
    if isinstance(told, dict):
        return {key: without_rule_words(one) for key, one in told.items()}
    if isinstance(told, list):
        return [without_rule_words(one) for one in told]
    return re.sub(r"(so that approval is required: ).*", r"\1…", told) if isinstance(told, str) else told


def plain(run: TestedRun) -> dict[str, Any]:
    """The run as the vectors have it."""
    events = [
        _named({**told, "outcome": _outcome(event.outcome)} if hasattr(event, "outcome") else told)
        for event, told in zip(run.events, normalised_history(run.events), strict=True)
    ]
    told = {
        "agentName": run.agent_name,
        "input": run.input,
        "state": run.state,
        "isSuccess": run.is_success,
        "isWaiting": run.is_waiting,
        "output": run.output,
        "error": None if run.error is None else dataclasses.asdict(run.error),
        "usage": _named(dataclasses.asdict(run.usage)),
        "events": events,
        "calls": [
            _named(
                {
                    **vars(call),
                    "outcome": _outcome(call.outcome),
                    "votes": [dataclasses.asdict(vote) for vote in call.votes],
                    "decisions": [dataclasses.asdict(made) for made in call.decisions],
                }
            )
            for call in run.calls
        ],
        "childRuns": [_named(dataclasses.asdict(child)) for child in run.child_runs],
    }
    said = {name: value for name, value in told.items() if not _says_nothing(name, value)}
    made: dict[str, Any] = json.loads(without_ids(json.dumps(said)))
    return made


def _outcome(outcome: CallOutcome | None) -> dict[str, Any] | None:
    """Only what this kind has; of a rejection the words are its reason elsewhere."""
    if outcome is None:
        return None
    fields = {
        "result": {"value": outcome.value, "json": outcome.json},
        "responded": {"value": outcome.value, "json": outcome.json},
        "error": {"message": outcome.message},
        "truncated": {"digest": outcome.digest, "size_bytes": outcome.size_bytes, "head": outcome.head},
    }
    return {"kind": outcome.kind, **fields.get(outcome.kind, {"reason": outcome.message})}


def _named(value: Any, *, data: bool = False) -> Any:
    if isinstance(value, list | tuple):
        return [_named(one, data=data) for one in value]
    if not isinstance(value, dict):
        return value
    if data:
        return value
    told = {key: one for key, one in value.items() if not _says_nothing(key, one)}
    return {camel(key): _named(one, data=key in _DATA) for key, one in told.items() if key not in ("run_id", "at")}


def _says_nothing(key: str, value: Any) -> bool:
    if value is None:
        # A result may be null.
        return key != "value"
    return value is False or value == "" or (isinstance(value, list | tuple) and not value)
