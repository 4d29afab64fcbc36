"""Those who wait for something to be found in a run."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(eq=False)
class _Wait:
    find: Callable[[], bool]
    found: asyncio.Future[None]
    #: Called in the moment in which it is found, before whoever waits goes on.
    told: Callable[[], None]


class Waits:
    """For one event loop."""

    def __init__(self) -> None:
        self._waits: list[_Wait] = []

    async def found(self, find: Callable[[], bool], told: Callable[[], None] = lambda: None) -> None:
        """Resolves once there is something to find. `told` is called in that moment."""
        if find():
            told()
            return
        wait = _Wait(find, asyncio.get_running_loop().create_future(), told)
        self._waits.append(wait)
        try:
            await wait.found
        finally:
            with contextlib.suppress(ValueError):
                self._waits.remove(wait)

    def tell(self) -> None:
        """Something has happened: those who find now what they wait for go on."""
        for wait in [one for one in self._waits if not one.found.done() and one.find()]:
            wait.told()
            wait.found.set_result(None)
