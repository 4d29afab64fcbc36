"""Limits that the SDK tells of before anything is sent. Bytes are of UTF-8; the server has the same and more."""

import re

from agentspan.agents.errors import AgentspanError, invalid

_KIB = 1024

INSTRUCTIONS_BYTES = 256 * _KIB
TOOL_DESCRIPTION_BYTES = 16 * _KIB
TOOL_SCHEMA_BYTES = 64 * _KIB
TOOLS_PER_AGENT = 128
RESULT_BYTES = 256 * _KIB
PREVIEW_BYTES = 64 * _KIB

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")


def require_name(name: object, what: str) -> None:
    """Raises INVALID_REQUEST where it is no name of the contract."""
    if isinstance(name, str) and _NAME.fullmatch(name):
        return
    rule = "must begin with a letter or '_', go on with letters, digits, '_' or '-', and have at most 64 characters"
    raise invalid(f"The name {name!r} of {what} {rule}.", "name", rule)


def require_size(text: str, limit: int, what: str) -> None:
    """Raises LIMIT_EXCEEDED where the text has more bytes of UTF-8."""
    size = len(text.encode("utf-8", "surrogatepass"))
    if size <= limit:
        return
    message = f"The {what} has {size} bytes; the limit is {limit}."
    raise AgentspanError("LIMIT_EXCEEDED", message, metadata={"limit": str(limit), "size": str(size)})
