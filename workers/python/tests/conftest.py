import json
import os
from pathlib import Path

import pytest

# An installed package brings its own by an entry point; the tests run on the sources.
pytest_plugins = ["agentspan.pytest_plugin", "pytester"]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Tells what became of each test to whoever counts them, one line of JSON for each."""
    if report.when != "call" and report.passed:
        return
    where = os.environ.get("PYTEST_REPORT_FILE")
    if where:
        line = {"name": report.nodeid, "outcome": report.outcome, "text": report.longreprtext}
        with Path(where).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
