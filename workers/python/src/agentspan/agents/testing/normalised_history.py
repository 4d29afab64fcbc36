"""Histories of two runs that went alike, made equal: what differs between any two runs is named by its place."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from agentspan.agents.testing.tested_run import TestedEvent

# Fields that hold an id, and what it is an id of. A version is one of a definition.
_IDS = {
    "run_id": "run",
    "child_run_id": "run",
    "root_run_id": "run",
    "parent_run_id": "run",
    "approval_id": "approval",
    "settles_approval_id": "approval",
    "decision_id": "decision",
    "worker_id": "worker",
    "idempotency_key": "key",
    "agent_version": "version",
}


def normalised_history(events: Iterable[TestedEvent]) -> list[dict[str, Any]]:
    """The events, each as plain data.

    Ids are numbered in the order of their first mention ("run 1"), and dates are only there or not. Two runs went alike
    where these are equal.
    """
    names: dict[tuple[str, str], str] = {}

    def name_of(what: str, text: str) -> str:
        count = sum(kind == what for kind, _ in names)
        return names.setdefault((what, text), f"{what} {count + 1}")

    def plain(value: Any, key: str) -> Any:
        if isinstance(value, datetime):
            return "a date"
        if isinstance(value, str):
            return name_of(_IDS[key], value) if key in _IDS and value else value
        if isinstance(value, list | tuple):
            return [plain(one, key) for one in value]
        if isinstance(value, Mapping):
            return {name: plain(one, name) for name, one in value.items()}
        if not dataclasses.is_dataclass(value):
            return value
        fields = (field.name for field in dataclasses.fields(value) if not field.name.startswith("_"))
        return {name: plain(getattr(value, name), name) for name in fields}

    return [plain(event, "") for event in events]
