"""A function of an author's, as a worker calls it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, get_type_hints


class ToolFunction:
    """A sync or async function that takes arguments by name, and a context where it asks for one."""

    def __init__(self, function: Callable[..., Any], context: str | None) -> None:
        self._function = function
        self._context = context
        target = function if inspect.isroutine(function) else getattr(function, "__call__", function)  # noqa: B004
        #: Runs in an event loop, and not in a thread.
        self.is_async = inspect.iscoroutinefunction(target)

    def call(self, arguments: dict[str, Any], context: object) -> Any:
        """The result, or of an async function the coroutine of it."""
        given = {} if self._context is None else {self._context: context}
        return self._function(**arguments, **given)

    @staticmethod
    def context_of(function: Callable[..., Any], context: type) -> str | None:
        """The name of the parameter that asks for the context."""
        target = function if inspect.isroutine(function) else getattr(function, "__call__", function)  # noqa: B004
        try:
            hints = get_type_hints(target)
        except (NameError, TypeError):
            # Hints that cannot be read ask for nothing; where they must be read, that is told elsewhere.
            return None
        return next((name for name, hint in hints.items() if hint is context and name != "return"), None)
