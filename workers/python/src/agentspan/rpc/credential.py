"""The API key or token of every call."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from agentspan.agents.errors import AgentspanError, invalid

ApiKey: TypeAlias = str | Callable[[], str | Awaitable[str]]
"""An API key or a token; or what gives the one to use, asked before each call, for tokens that end."""

CallHeaders: TypeAlias = Callable[[], Awaitable[dict[str, str]]]
"""The headers of every call, with the API key or token among them."""

_KEY = re.compile(r"[\x21-\x7e]+")


def call_headers(headers: Mapping[str, str] | None, said: ApiKey | None, env: str | None) -> CallHeaders:
    """An `authorization` that was given stays, where no key was said beside it.

    Raises INVALID_REQUEST, without the key, where it cannot be one; the headers of a call raise UNAUTHENTICATED where a
    function gives none.
    """
    own = {name.lower(): text for name, text in (headers or {}).items()}
    if callable(said):
        ask = said

        async def asked() -> dict[str, str]:
            return _with_key(own, await _given(ask), "what api_key() gives")

        return asked
    key = said if said is not None else "" if "authorization" in own else (env or "").strip()
    if key == "" and said is None:
        fixed = own
    else:
        fixed = _with_key(own, key, "AGENTSPAN_API_KEY" if said is None else "api_key")

    async def same() -> dict[str, str]:
        return fixed

    return same


async def _given(ask: Callable[[], str | Awaitable[str]]) -> str:
    try:
        answer = ask()
        return await answer if inspect.isawaitable(answer) else answer
    except Exception as error:
        raise AgentspanError("UNAUTHENTICATED", f"api_key() gave no API key or token: {error}") from error


def _with_key(headers: Mapping[str, str], said: object, source: str) -> dict[str, str]:
    key = said.strip() if isinstance(said, str) else ""
    if not _KEY.fullmatch(key):
        message = f"{source} must be one API key or token, without blanks and line breaks in it."
        raise invalid(message, source, "is no API key or token")
    return {**headers, "authorization": f"Bearer {key}"}
