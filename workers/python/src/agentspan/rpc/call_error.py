"""What became of a call, as one of our errors.

Everything that the server itself has to say carries its ErrorInfo; an answer without one was made on the way (a refused
connection, a proxy).
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import Any

from google.protobuf.message import DecodeError, Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo

from agentspan.agents.errors import START_WITH, AgentspanError, FieldFault, Reason, reason_of

_DOMAIN = "agentspan"
_ADDRESS = "address"
_REASONS: Mapping[str, Reason] = {
    "deadline_exceeded": "BUS_UNAVAILABLE",
    "unauthenticated": "UNAUTHENTICATED",
    "permission_denied": "PERMISSION_DENIED",
    "resource_exhausted": "LIMIT_EXCEEDED",
    "invalid_argument": "INVALID_REQUEST",
    "failed_precondition": "INVALID_REQUEST",
    "out_of_range": "INVALID_REQUEST",
    "not_found": "UNIMPLEMENTED",
    "unimplemented": "UNIMPLEMENTED",
}
# As Connect reads an answer of HTTP that is none of its own.
_CODES = {400: "internal", 401: "unauthenticated", 403: "permission_denied", 404: "unimplemented"}
_UNAVAILABLE = frozenset({429, 502, 503, 504})


def unreachable(address: str, why: object) -> AgentspanError:
    """Nothing answers there."""
    message = f"Cannot reach an Agentspan server at {address} ({why}). Is the server running? {START_WITH}"
    return AgentspanError("BUS_UNAVAILABLE", message, metadata={_ADDRESS: address})


def untrusted(address: str, why: object) -> AgentspanError:
    """Something answers there that is not who it should be, or does not speak TLS."""
    remedy = "Is the address right, and whoever signed its certificate in the file of SSL_CERT_FILE?"
    message = f"Cannot reach an Agentspan server at {address} by TLS ({why}). {remedy}"
    return AgentspanError("BUS_UNAVAILABLE", message, metadata={_ADDRESS: address})


def is_unreachable(error: AgentspanError) -> bool:
    """Whether no server answered at all."""
    return error.reason == "BUS_UNAVAILABLE" and _ADDRESS in error.metadata


def broken(address: str, why: object) -> AgentspanError:
    """Whether the call was carried out is not known; repeating is safe, since what changes something carries a key."""
    return AgentspanError("BUS_UNAVAILABLE", f"The connection to {address} broke: {why}")


def late(address: str) -> AgentspanError:
    """No answer came in time."""
    return AgentspanError("BUS_UNAVAILABLE", f"The Agentspan server at {address} did not answer in time.")


def http_error(status: int, body: bytes, address: str) -> AgentspanError:
    """Of an answer that is no success: Connect's JSON, or whatever a proxy said."""
    told = _json_object(body)
    if isinstance(told.get("code"), str):
        return connect_error(told, address)
    code = "unavailable" if status in _UNAVAILABLE else _CODES.get(status, "unknown")
    return connect_error({"code": code, "message": f"HTTP {status}"}, address)


def connect_error(told: Mapping[str, Any], address: str) -> AgentspanError:
    """Of the JSON that Connect's protocol has for errors."""
    code, message = str(told.get("code", "unknown")), str(told.get("message", ""))
    details = told.get("details")
    said = _from_details(message, details if isinstance(details, list) else [])
    if said is not None:
        return said
    if code == "unavailable":
        return unreachable(address, message)
    reason = _REASONS.get(code)
    if reason is None:
        return broken(address, message)
    if reason == "UNIMPLEMENTED":
        return AgentspanError(reason, f"{address} does not know this call: {message}")
    return late(address) if reason == "BUS_UNAVAILABLE" else AgentspanError(reason, message)


def _from_details(message: str, details: Sequence[Any]) -> AgentspanError | None:
    """The error whose details these are; None where they are not ours, or of a reason that this version lacks."""
    info = _detail(details, ErrorInfo())
    if info is None or info.domain != _DOMAIN:
        return None
    reason = reason_of(info.reason)
    if reason is None:
        return None
    bad = _detail(details, BadRequest())
    retry = _detail(details, RetryInfo())
    return AgentspanError(
        reason,
        message,
        metadata=dict(info.metadata),
        fields=[] if bad is None else [FieldFault(one.field, one.description) for one in bad.field_violations],
        retry_after=None if retry is None else retry.retry_delay.ToTimedelta().total_seconds(),
    )


def _detail(details: Sequence[Any], into: Any) -> Any:
    kind: Message = into
    for detail in details:
        if isinstance(detail, dict) and detail.get("type") == kind.DESCRIPTOR.full_name:
            text = str(detail.get("value", ""))
            try:
                kind.ParseFromString(base64.b64decode(text + "=" * (-len(text) % 4)))
            except (binascii.Error, DecodeError):
                return None
            return kind
    return None


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
