"""Runs every block of Python of docs/testing.md, read out of the page itself, as a project of its own under pytest.

Those that need a server are run by tests/servers/kit/test_page.py.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agentspan.agents.testing import Expectation, MockEvent

PAGE = (Path(__file__).parents[4] / "docs" / "testing.md").read_text("utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
FILES = {match[1]: block for block in BLOCKS if (match := re.match(r"# (\S+\.py)\n", block))}
MADE_UP = ["refund_agent.py", "test_made_up.py", "conftest.py"]
ON_SERVERS = ["test_kit.py", "test_time.py", "test_server.py"]
SECTION = PAGE[PAGE.index("\n## In Python\n") :]


def test_the_page_has_no_code_that_is_not_run(pytester: pytest.Pytester) -> None:
    assert list(FILES) == [*MADE_UP, *ON_SERVERS]
    assert len(FILES) == len(BLOCKS)
    for name in MADE_UP:
        (pytester.path / name).write_text(FILES[name], "utf-8")
    result = pytester.runpytest_inprocess("-p", "agentspan.pytest_plugin", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=sum(FILES[name].count("\ndef test_") for name in MADE_UP))


def test_the_page_names_every_event_and_expectation_that_there_is() -> None:
    events = [name for name, made in vars(MockEvent).items() if isinstance(made, staticmethod)]
    chain = [name for name in vars(Expectation) if not name.startswith("_")]
    assert [name for name in [*events, *chain] if not re.search(f"`{name}[`(]", SECTION)] == []
