"""What NATS_URL and the files beside it say, in the form that the client of NATS takes."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from agentspan.agents.errors import invalid

_CA = "AGENTSPAN_NATS_CA_FILE"
_CERT = "AGENTSPAN_NATS_CERT_FILE"
_KEY = "AGENTSPAN_NATS_KEY_FILE"


def nats_address(url: str, env: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Reads nats:// or tls://, with user:password@ or token@; several of a cluster are joined by commas.

    With files, or a tls:// among them, the connection is by TLS. Raises INVALID_REQUEST, without the text.
    """
    urls = [_parsed(text.strip()) for text in url.split(",") if text.strip()]
    if not urls:
        raise _unusable()
    options: dict[str, Any] = {"servers": [f"nats://{one.hostname}:{one.port or 4222}" for one in urls]}
    context = _tls(os.environ if env is None else env, secured=any(one.scheme == "tls" for one in urls))
    if context is not None:
        options["tls"] = context
    first = urls[0]
    if first.username and first.password:
        options.update(user=unquote(first.username), password=unquote(first.password))
    elif first.username:
        options["token"] = unquote(first.username)
    return options


def without_login(url: str) -> str:
    """For a sentence."""
    return re.sub(r"//[^@/]*@", "//", url)


def _parsed(text: str) -> Any:
    whole = text if "://" in text else f"nats://{text}"
    parts = urlsplit(whole)
    try:
        fits = parts.scheme in ("nats", "tls") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        fits = False
    if not fits:
        raise _unusable()
    return parts


def _unusable() -> Exception:
    words = "must be nats://host:port or tls://host:port"
    return invalid(f"NATS_URL {words}.", "nats_url", words)


def _tls(env: Mapping[str, str], *, secured: bool) -> ssl.SSLContext | None:
    ca, cert, key = (env.get(name) or None for name in (_CA, _CERT, _KEY))
    if not secured and ca is None and cert is None and key is None:
        return None
    if (cert is None) != (key is None):
        have, lack = (_CERT, _KEY) if key is None else (_KEY, _CERT)
        raise invalid(f"{have} is set and {lack} is not: a certificate needs its key. Set both.", lack, "is not set")
    try:
        context = ssl.create_default_context(cafile=ca)
        if cert is not None:
            context.load_cert_chain(cert, key)
    except (OSError, ssl.SSLError) as error:
        names = ", ".join(name for name in (_CA, _CERT, _KEY) if env.get(name))
        raise invalid(f"The files of {names} cannot be used: {error}.", names, "cannot be used") from error
    return context
