from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentspan.agents.testing import LocalServer, start_local_server

_PROGRAM = Path(__file__).parents[5] / "cli" / "bin" / "agentspan.mjs"


@pytest.fixture(scope="session")
def command() -> list[str]:
    """The command agentspan of this tree."""
    node = shutil.which("node")
    assert node is not None, "node is not on PATH"
    return [node, str(_PROGRAM)]


@pytest.fixture(scope="session", autouse=True)
def _memory_kits(command: list[str]) -> Iterator[None]:
    """What memory_kit() starts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AGENTSPAN_COMMAND", shlex.join(command))
        # Tests of projects of their own have another home, and the servers are not fetched again for it.
        patch.setenv("XDG_CACHE_HOME", os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache"))
        yield


@pytest.fixture(scope="package")
def local_server(command: list[str]) -> Iterator[LocalServer]:
    """Of real processes."""
    with start_local_server(command=command) as server:
        yield server
