"""What pytest leaves out of a traceback: a test that fails is looked at where it is written, not in here.

A module that has `__tracebackhide__ = of_the_library` hides its frames.
"""

from __future__ import annotations

from typing import Any

from agentspan.agents.testing.kit_error import KitError


def of_the_library(excinfo: Any) -> bool:
    """Whether it is told to whoever wrote the test. A fault of the library's own shows all frames."""
    # What is no Exception is pytest's own, such as what pytest.fail() raises.
    return isinstance(excinfo.value, AssertionError | KitError) or not isinstance(excinfo.value, Exception)
