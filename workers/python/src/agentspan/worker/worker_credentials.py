"""The file that `agentspan worker credentials` makes: a worker's login at NATS, and the permit that it shows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from google.protobuf import json_format

from agentspan.agents.errors import AgentspanError, invalid
from agentspan.v1 import worker_pb2
from agentspan.worker.nkey import NkeyUser

CREDENTIALS_VARIABLE = "AGENTSPAN_WORKER_CREDENTIALS_FILE"


@dataclass(frozen=True)
class WorkerCredentials:
    """What lets a worker in where that is asked."""

    permit: worker_pb2.WorkerPermit
    #: The NATS user; None where the worker's login is another.
    user: NkeyUser | None


def read_worker_credentials(path: str | Path) -> WorkerCredentials:
    """Raises INVALID_REQUEST with the path and what is wrong, without a word of what is in it."""
    where = f"The file of worker credentials {str(path)!r} (credentials_file, or {CREDENTIALS_VARIABLE})"
    try:
        text = Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise _unusable(f"{where} cannot be read.") from None
    read = _read(text)
    if read is None:
        raise _unusable(f"{where} is not what agentspan worker credentials makes.")
    return read


def worker_id_for(credentials: WorkerCredentials, chosen: str | None) -> str:
    """The worker's id: the one that was chosen, which must be among those of the credentials, or their only one."""
    workers = list(credentials.permit.workers)
    if chosen is None and len(workers) == 1:
        return workers[0]
    if chosen is not None and chosen in workers:
        return chosen
    ids = ", ".join(workers)
    if chosen is None:
        raise _unusable(f"The worker's credentials are for several: choose worker_id among {ids}.")
    raise _unusable(f"The worker's credentials are for {ids}, and not for worker_id {chosen}.")


def _read(text: str) -> WorkerCredentials | None:
    try:
        value = json.loads(text)
        permit = json_format.ParseDict(value["permit"], worker_pb2.WorkerPermit(), ignore_unknown_fields=True)
        seed = value.get("nkeySeed")
        user = NkeyUser(seed) if isinstance(seed, str) else None
    except (ValueError, TypeError, KeyError, AttributeError, json_format.ParseError):
        return None  # That it is none is the answer; the parser's words would quote it.
    return WorkerCredentials(permit, user) if permit.workers else None


def _unusable(message: str) -> AgentspanError:
    return invalid(message, "credentials_file", message)
