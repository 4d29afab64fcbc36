"""Runs the blocks of docs/testing.md that need a server, as a project of its own under pytest."""

from __future__ import annotations

import pytest

from agentspan.agents.testing import Kit, KitRun
from tests.unit.test_testing_page import FILES, ON_SERVERS, SECTION


def test_the_tests_of_kits_on_the_page_pass(pytester: pytest.Pytester) -> None:
    for name in ("refund_agent.py", "conftest.py", *ON_SERVERS):
        (pytester.path / name).write_text(FILES[name], "utf-8")
    result = pytester.runpytest_inprocess("-p", "agentspan.pytest_plugin", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=sum(FILES[name].count("\ndef test_") for name in ON_SERVERS))


def test_the_page_names_every_method_of_a_kit_and_its_runs() -> None:
    own = {"close", "asked", "runtime", "handle", "run_id"}
    methods = {name for of in (Kit, KitRun) for name in vars(of) if not name.startswith("_")}
    named = {name for name in methods if not name.endswith("_async") and name not in own}
    assert [name for name in sorted(named) if f"`{name}`" not in SECTION and f"`kit.{name}" not in SECTION] == []
    # Each that waits has a twin.
    assert {f"{name}_async" for name in named | {"close"}} == methods - named - own
