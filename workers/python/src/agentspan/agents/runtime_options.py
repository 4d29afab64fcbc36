"""What a runtime is told, and what the environment says where it is not."""

from __future__ import annotations

import os
import re
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from agentspan.agents.duration import Duration, to_seconds
from agentspan.agents.errors import AgentspanError, invalid
from agentspan.rpc.credential import ApiKey, CallHeaders, call_headers

_URL = "http://127.0.0.1:6767"
_NATS_URL = "nats://127.0.0.1:4222"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,128}")


@dataclass(frozen=True)
class RuntimeOptions:
    """Settings that have been looked over."""

    url: str
    headers: CallHeaders
    renews_key: bool
    #: Seconds that a call is repeated while the server is unavailable.
    retry_for: float
    nats_url: str
    namespace: str
    worker_id: str | None
    concurrency: int
    #: Seconds that shutdown lets running tools finish.
    grace: float
    #: Empty where grants are not checked for signatures.
    trusted_keys_file: str
    #: Empty where nobody asks workers for credentials.
    credentials_file: str


def runtime_options(
    *,
    url: str | None,
    api_key: ApiKey | None,
    headers: Mapping[str, str] | None,
    retry_for: Duration,
    nats_url: str | None,
    namespace: str,
    worker_id: str | None,
    concurrency: int,
    grace: Duration,
    trusted_keys_file: str | Path | None,
    credentials_file: str | Path | None,
) -> RuntimeOptions:
    """Raises INVALID_REQUEST, naming the field, for what cannot be used."""
    env = os.environ
    named = url if url is not None else env.get("AGENTSPAN_SERVER_URL") or _URL
    field = "AGENTSPAN_SERVER_URL" if url is None else "url"
    if urlsplit(named).scheme not in ("http", "https") or not urlsplit(named).hostname:
        words = f"must be an address such as {_URL}"
        raise invalid(f"The {field} of the AgentRuntime is {_without_login(named)!r}; it {words}.", field, words)
    _require_token(namespace, "namespace")
    if worker_id is not None:
        _require_token(worker_id, "worker_id")
    if not isinstance(concurrency, int) or isinstance(concurrency, bool) or concurrency < 1:
        raise _unusable("concurrency", concurrency, "must be a whole number, 1 or more")
    keys = trusted_keys_file if trusted_keys_file is not None else env.get("AGENTSPAN_TRUSTED_KEYS_FILE", "")
    credentials = credentials_file if credentials_file is not None else env.get("AGENTSPAN_WORKER_CREDENTIALS_FILE", "")
    return RuntimeOptions(
        url=named,
        headers=call_headers(headers, api_key, env.get("AGENTSPAN_API_KEY")),
        renews_key=callable(api_key),
        retry_for=to_seconds(retry_for, "retry_for"),
        nats_url=nats_url or env.get("AGENTSPAN_NATS_URL") or env.get("NATS_URL") or _NATS_URL,
        namespace=namespace,
        worker_id=worker_id,
        concurrency=concurrency,
        grace=to_seconds(grace, "grace"),
        trusted_keys_file=str(keys),
        credentials_file=str(credentials),
    )


def fresh_worker_id() -> str:
    """One token of a NATS subject that tells a person which machine it is."""
    host = re.sub(r"[^A-Za-z0-9_-]", "-", socket.gethostname())[:32]
    return f"{host}-{secrets.token_hex(5)}"


def _require_token(value: object, field: str) -> None:
    if not isinstance(value, str) or not _TOKEN.fullmatch(value):
        raise _unusable(field, value, "must have letters, digits, '_' and '-', at most 128")


def _unusable(field: str, value: object, words: str) -> AgentspanError:
    return invalid(f"The {field} of the AgentRuntime is {value!r}; it {words}.", field, words)


def _without_login(url: str) -> str:
    return re.sub(r"//[^@/]*@", "//", url)
