"""Programs that a test starts as processes of their own, with these first lines and what the test writes below them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.servers.stack import Stack

SOURCES = Path(__file__).parents[2] / "src"
_HEAD = """
import json, os, signal, socket, sys, threading, time
from agentspan.agents import *
MODEL = "openai/gpt-4o-mini"
"""


def program(at: Stack, text: str, *arguments: str, settings: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """Starts it with the settings of a stack, or with others; both of its streams are its output."""
    return subprocess.Popen(
        # A process with threads that forks is warned of from Python 3.12 on: that it can is what is tested.
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", _HEAD + text, *arguments],
        env={**at.env, **(at.settings if settings is None else settings), "PYTHONPATH": str(SOURCES)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def output_of(started: subprocess.Popen[str]) -> str:
    """All that it shows, once it has ended well."""
    shown, _ = started.communicate(timeout=60)
    assert started.returncode == 0, shown
    return shown


def line_of(started: subprocess.Popen[str]) -> str:
    """The next line that it shows."""
    assert started.stdout is not None
    return started.stdout.readline().strip()
