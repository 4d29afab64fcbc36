"""Ids of ours: single tokens of a NATS subject."""

import base64
import secrets


def new_id(prefix: str) -> str:
    """A fresh id with 128 random bits: new_id("dec") gives "dec_" and 26 lowercase letters and digits."""
    text = base64.b32encode(secrets.token_bytes(16)).decode("ascii")
    return f"{prefix}_{text.rstrip('=').lower()}"
