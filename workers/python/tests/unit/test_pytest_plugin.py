"""What pytest shows of a test of an agent that fails."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

AGENT = '''
from agentspan.agents import Agent, tool
from agentspan.agents.testing import MockEvent, expect, mock_run


@tool(approval_required=True)
def process_refund(order_id: str, amount: float) -> dict:
    """Issue a refund."""


agent = Agent(name="refund_agent", model="a/b", tools=[process_refund])
REFUNDS = MockEvent.tool_call("process_refund", {"order_id": "ORD-8821", "amount": 29.99})


def play(*events):
    return mock_run(agent, "Refund order ORD-8821", events=events)
'''


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project with an agent, whose pytest has the plugin as if agentspan was installed."""
    pytester.makepyfile(desk=AGENT)
    pytester.makeini("[pytest]\naddopts = -p agentspan.pytest_plugin -p no:cacheprovider\n")
    return pytester


def shown(project: pytest.Pytester, test: str, *options: str) -> str:
    """What pytest prints of a test that fails, without the runs' ids."""
    project.makepyfile(test_desk=f"from desk import *\n\n\n{test}")
    result = project.runpytest_inprocess(*options)
    result.assert_outcomes(failed=1)
    text = re.sub(r"run_[a-z2-7]{26}", "run_1", result.stdout.str())
    return "\n".join(line.rstrip() for line in text.splitlines())


def test_a_failed_expectation_is_shown_at_the_line_of_the_test_and_nowhere_else(project: pytest.Pytester) -> None:
    text = shown(project, "def test_it():\n    run = play(REFUNDS)\n    expect(run).paused().completed()\n")
    start = text.index("    def test_it():")
    assert text[start : text.index("\n=====", start)] == (
        """\
    def test_it():
        run = play(REFUNDS)
>       expect(run).paused().completed()
E       AssertionError: Expected the run to have completed.
E       It is WAITING.
E
E       The run run_1 of refund_agent is WAITING. What happened in it:
E           1  run_started        "Refund order ORD-8821"
E           2  model_replied      calls t1c1
E           3  tool_call          t1c1 process_refund {"amount":29.99,"order_id":"ORD-8821"} (needs approval)
E           4  waiting            t1c1 process_refund: approval

test_desk.py:6: AssertionError"""
    )


def test_a_script_that_no_run_can_follow_is_shown_at_the_line_of_the_test(project: pytest.Pytester) -> None:
    test = 'def test_it():\n    mock_run(agent, "Hi", events=[REFUNDS, MockEvent.tool_result("process_refund", 1)])\n'
    text = shown(project, test)
    assert re.findall(r"^\S+\.py:\d+: .*", text, re.MULTILINE) == ["test_desk.py:5: KitError"]
    assert "KitError: process_refund needs a person's approval, and no server runs it before that. Put " in text
    assert '  > MockEvent.tool_result("process_refund", 1)' in text


def test_whatever_else_fails_shows_what_happened_in_the_runs(project: pytest.Pytester) -> None:
    runs = "    play(REFUNDS)\n    run = play(MockEvent.done('No.'))\n"
    test = f"def test_it():\n{runs}    assert 'Yes' in run.output['result']\n"
    text = shown(project, test)
    assert text.count("agentspan run run_1") == 2
    assert "The run run_1 of refund_agent is WAITING. What happened in it:\n    1  run_started " in text
    assert '    3  done               "No."' in text
    assert "agentspan run" not in shown(project, test, "--agentspan-runs=never")


def test_runs_are_of_the_test_that_made_them(project: pytest.Pytester) -> None:
    project.makepyfile(
        test_desk="""
        import pytest
        from desk import *


        @pytest.fixture(autouse=True)
        def no_run_has_errors(agentspan_runs):
            yield
            for run in agentspan_runs:
                expect(run).no_errors()


        def test_one(agentspan_runs):
            assert list(agentspan_runs) == []
            made = [play(REFUNDS), play(MockEvent.done())]
            assert list(agentspan_runs) == made


        def test_another(agentspan_runs):
            assert not agentspan_runs
            play(MockEvent.error("overloaded"))
        """
    )
    result = project.runpytest_inprocess()
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*Expected the run to have no errors.", "*It has failed (event 3)."])


def test_a_fault_of_the_kit_itself_shows_all_frames(project: pytest.Pytester) -> None:
    text = shown(project, "def test_it():\n    expect(play(REFUNDS)).output_matches(7)\n")
    assert "TypeError" in text
    assert "findings.py" in text


def test_loading_the_plugin_loads_nothing_else(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_it():
            assert "agentspan.pytest_plugin" in sys.modules
            assert not [name for name in sys.modules if name.startswith("agentspan.agents")]
        """
    )
    program = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parents[2] / 'src')!r})\n"
        "import pytest; sys.exit(pytest.main(['-p', 'agentspan.pytest_plugin', '-p', 'no:cacheprovider']))"
    )
    result = pytester.run(sys.executable, "-c", program)
    assert result.ret == 0


def test_the_package_names_the_plugin_to_pytest() -> None:
    project = (Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8")
    assert '[project.entry-points.pytest11]\nagentspan = "agentspan.pytest_plugin"\n' in project
