"""The fixture that makes kits: they end with the test, and their scripts are looked at."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from agentspan.agents import testing
from agentspan.agents.testing import LocalServer
from tests.servers.programs import SOURCES

AGENT = '''
from agentspan.agents import Agent, tool
from agentspan.agents.testing import approve, calls, expect, says

REFUND = {"order_id": "ORD-8821", "amount": 29.99}


@tool(approval_required=True)
def process_refund(order_id: str, amount: float) -> dict:
    """Issue a refund."""
    return {"refunded": True}


agent = Agent(name="plugin_refunds", model="openai/gpt-4o-mini", tools=[process_refund])
'''
TESTS = """
from desk import *


def test_passes(agentspan_kit):
    kit = agentspan_kit(
        model=[calls("process_refund", REFUND), says("Refunded.")], decisions={"process_refund": [approve()]}
    )
    expect(kit.run(agent, "Refund")).completed().approved("process_refund")


def test_leaves_something_over(agentspan_kit):
    kit = agentspan_kit(model=[says("No.")], decisions={"process_refund": [approve()]})
    expect(kit.run(agent, "Refund")).completed()


def test_fails_by_itself(agentspan_kit):
    run = agentspan_kit(model=[calls("process_refund", REFUND), says("Refunded.")]).start(agent, "Refund")
    run.waiting()
    assert 1 == 2


def test_waits_for_nobody(agentspan_kit):
    agentspan_kit(model=[calls("process_refund", REFUND)]).run(agent, "Refund")
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project with an agent, whose pytest has the plugin as if agentspan was installed."""
    pytester.makepyfile(desk=AGENT, test_desk=TESTS)
    pytester.makeini("[pytest]\naddopts = -p agentspan.pytest_plugin -p no:cacheprovider\n")
    return pytester


def test_ends_kits_and_looks_at_the_scripts_of_those_whose_test_passed(project: pytest.Pytester) -> None:
    result = project.runpytest_inprocess()
    result.assert_outcomes(passed=2, failed=2, errors=1)
    text = result.stdout.str()
    assert text.count("Nobody was asked to decide process_refund so often: approve() is left over.") >= 1
    assert "The model was not asked for turn" not in text
    # What fails by itself shows how far its run came; what the kit says is shown at the test's line.
    assert " of plugin_refunds is WAITING. What happened in it:" in text
    assert '>       agentspan_kit(model=[calls("process_refund", REFUND)]).run(agent, "Refund")\nE       ' in text
    assert "background.py" not in text


def test_runs_the_same_tests_on_a_real_local_stack(
    project: pytest.Pytester, local_server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Another of its own would be the same.
    monkeypatch.setattr(testing, "start_local_server", lambda: nullcontext(local_server))
    result = project.runpytest_inprocess("--agentspan-kit=local", "-k", "passes")
    result.assert_outcomes(passed=1, deselected=3)


def test_says_nothing_of_scripts_where_the_test_did_not_pass_or_has_looked_itself(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(SOURCES))
    project.makepyfile(
        test_desk="""
        import pytest
        from desk import *
        from agentspan.agents.testing import KitError

        LEFT_OVER = [calls("process_refund", REFUND)]


        def test_is_skipped(agentspan_kit):
            agentspan_kit(model=LEFT_OVER)
            pytest.skip("not now")


        @pytest.mark.xfail(strict=True)
        def test_fails_as_expected(agentspan_kit):
            agentspan_kit(model=LEFT_OVER)
            assert 1 == 2


        def test_looks_itself(agentspan_kit):
            kit = agentspan_kit(model=LEFT_OVER)
            with pytest.raises(KitError, match="The model was not asked"):
                kit.stop()


        def test_is_interrupted(agentspan_kit):
            agentspan_kit(model=LEFT_OVER)
            raise KeyboardInterrupt
        """
    )
    result = project.runpytest_subprocess()
    result.assert_outcomes(passed=1, skipped=1, xfailed=1)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert "INTERNAL" not in result.stdout.str() + result.stderr.str()
    assert "KitError" not in result.stdout.str()
