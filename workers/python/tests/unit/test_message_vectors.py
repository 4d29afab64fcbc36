"""The messages of the worker protocol, in both of their forms."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import json_format
from google.protobuf.message import Message

from agentspan.v1 import worker_pb2
from tests.vectors import vectors

MESSAGES = vectors("messages")


def message_of(vector: dict[str, Any]) -> Message:
    made: Message = getattr(worker_pb2, vector["type"].removeprefix("agentspan.v1."))()
    return made


def named(of: str) -> list[Any]:
    return [pytest.param(one, id=one["name"]) for one in MESSAGES[of]]


@pytest.mark.parametrize("vector", named("vectors"))
def test_reads_and_writes_a_message_in_both_forms(vector: dict[str, Any]) -> None:
    read, told = message_of(vector), message_of(vector)
    read.MergeFromString(bytes.fromhex(vector["protobuf"]))
    json_format.ParseDict(vector["json"], told)
    assert read == told
    assert json_format.MessageToDict(read) == vector["json"]
    assert read.SerializeToString(deterministic=True).hex() == vector["protobuf"]


@pytest.mark.parametrize("vector", named("newer"))
def test_reads_past_what_is_not_known(vector: dict[str, Any]) -> None:
    known = next(one for one in MESSAGES["vectors"] if one["name"] == vector["is"])
    read, told = message_of(vector), message_of(vector)
    read.MergeFromString(bytes.fromhex(vector["protobuf"]))
    json_format.ParseDict(vector["json"], told, ignore_unknown_fields=True)
    assert json_format.MessageToDict(read) == known["json"]
    assert json_format.MessageToDict(told) == known["json"]
