"""The command `agentspan`, which the kit and replays start."""

from __future__ import annotations

import os
import shlex
import shutil

COMMAND_VARIABLE = "AGENTSPAN_COMMAND"
"""Names the command, with blanks between its words, where `agentspan` is not on the path."""

NO_COMMAND = f"The command agentspan is not on the path. Install it, or name it in {COMMAND_VARIABLE}."


def agentspan_command() -> list[str] | None:
    """Its program and what comes before its arguments; None where it is nowhere."""
    named = shlex.split(os.environ.get(COMMAND_VARIABLE, ""))
    if named:
        return named
    for program, *rest in (["agentspan"], ["npx", "agentspan"]):
        found = shutil.which(program)
        if found is not None:
            return [found, *rest]
    return None
