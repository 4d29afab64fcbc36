"""What is left of a server when the tests that started it are killed."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.error
import urllib.request

from tests.servers.conftest import until
from tests.servers.programs import SOURCES

STARTS = (
    "from agentspan.agents.testing import start_memory_server; print(start_memory_server().url, flush=True); input()"
)


def test_nothing_once_the_process_is_gone_that_started_it() -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", STARTS],
        env={**os.environ, "PYTHONPATH": str(SOURCES)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    with program, program.stdout as shown:
        url = shown.readline().strip()
        assert answers(url)
        program.kill()
        until(lambda: not answers(url))


def answers(url: str) -> bool:
    try:
        urllib.request.urlopen(f"{url}/healthz", timeout=10).close()
    except urllib.error.HTTPError as error:
        error.close()
    except OSError:
        return False
    return True
