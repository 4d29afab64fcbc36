"""A worker that is lost in the middle of a call."""

from __future__ import annotations

from typing import NoReturn


class WorkerLostError(BaseException):
    """The worker is lost, as the test wants it. No `except Exception` of an author's takes it."""


def worker_lost(*_: object, **__: object) -> NoReturn:
    """In a function of a kit's `tools`, or in place of one: the worker that runs the call is lost in the middle of it.

    Nobody ever says what became of the call.

        tools={"process_refund": worker_lost}
    """
    raise WorkerLostError("The worker is lost here.")
