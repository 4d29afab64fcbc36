from typing import Any

import pytest

from agentspan.agents.canonical_json import JsonProblemError, canonical_arguments, canonical_json, digest_of
from tests.vectors import vectors

VECTORS = vectors("arguments")["vectors"]


@pytest.mark.parametrize("vector", [pytest.param(one, id=one["name"]) for one in VECTORS])
def test_reads_arguments_as_the_vectors_say(vector: dict[str, Any]) -> None:
    if "refused" in vector:
        with pytest.raises(JsonProblemError) as refused:
            canonical_arguments(vector["input"])
        assert refused.value.code == vector["refused"]
        return
    read = canonical_arguments(vector["input"])
    assert read.text == vector["canonical"]
    assert read.text.encode().hex() == vector["utf8"]
    assert read.digest == vector["digest"] == digest_of(read.text)
    assert canonical_json(read.text).text == read.text


def test_says_where_what_was_refused_stands_and_what_to_write_instead() -> None:
    with pytest.raises(JsonProblemError, match=r"9007199254740993 at /a/0/b cannot be kept exactly.*Write it as a str"):
        canonical_json('{"a": [{"b": 9007199254740993}]}')
    with pytest.raises(JsonProblemError, match='key "c" at /a is there twice'):
        canonical_json('{"a": {"c": 1, "c": 2}}')


def test_refuses_nesting_that_would_overflow_the_reader() -> None:
    with pytest.raises(JsonProblemError) as refused:
        canonical_json("[" * 200_000 + "]" * 200_000)
    assert refused.value.code == "TOO_DEEP"


def test_a_refusal_does_not_carry_on_what_it_refuses() -> None:
    with pytest.raises(JsonProblemError) as refused:
        canonical_json('{"\\ud800": {"\\ud800": 1}}')
    assert str(refused.value).encode()
