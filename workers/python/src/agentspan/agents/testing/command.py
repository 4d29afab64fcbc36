"""The command `agentspan`, which the kit and replays start."""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path

from agentspan.agents.testing.kit_error import KitError

COMMAND_VARIABLE = "AGENTSPAN_COMMAND"
"""Names the command, with blanks between its words, where it is not installed."""

_NOT_INSTALLED = (
    "The command agentspan is not installed: it is neither on the path nor in node_modules of this folder or one "
    f"above. Install it, or name it in {COMMAND_VARIABLE}."
)


def agentspan_command() -> list[str]:
    """Its program and what comes before its arguments. Raises KitError where it is nowhere.

    Only what somebody has installed is taken, and nothing that a registry has by that name.
    """
    said = os.environ.get(COMMAND_VARIABLE, "")
    try:
        named = shlex.split(said)
    except ValueError as error:
        raise KitError(f"{COMMAND_VARIABLE} is {said!r}, and cannot be read as words: {error}.") from error
    if named:
        return named
    here = Path.cwd()
    folders = [str(folder / "node_modules" / ".bin") for folder in (here, *here.parents)]
    found = shutil.which("agentspan") or shutil.which("agentspan", path=os.pathsep.join(folders))
    if found is None:
        raise KitError(_NOT_INSTALLED)
    return [found]
