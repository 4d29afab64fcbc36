"""What a test is told that cannot go on as it is written."""

from __future__ import annotations


class KitError(Exception):
    """A test that cannot go on as it is written, in a sentence that says what to change."""
