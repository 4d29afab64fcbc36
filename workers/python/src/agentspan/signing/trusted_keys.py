"""Whose signatures are believed, and as what. Read from a file of this machine, never from NATS."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from agentspan.agents.errors import invalid

Signer = Literal["gateways", "orchestrators", "permits"]

_SIGNERS: tuple[Signer, ...] = ("gateways", "orchestrators", "permits")
_WHOSE = {"gateways": "a gateway", "orchestrators": "an orchestrator", "permits": "whoever permits workers"}
_RAW_BYTES = 32
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})")


class TrustedKeysError(ValueError):
    """What is wrong with a list of keys, each fault in a few words."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


@dataclass(frozen=True)
class _Key:
    key: Ed25519PublicKey
    #: Signatures of this time and later are not believed, milliseconds since the epoch.
    retired_at: int | None


def key_id_of(raw: bytes) -> str:
    """The id of a raw public key: the first 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(raw).hexdigest()[:16]


def from_base64url(text: str) -> bytes:
    """Raises ValueError where it is none."""
    if not re.fullmatch(r"[A-Za-z0-9_-]*", text):
        raise ValueError("it is not base64url without padding")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class TrustedKeys:
    """The public keys of gateways, of orchestrators, and of whoever permits workers."""

    def __init__(self, text: str) -> None:
        """Read {"gateways": [{"id", "public", "retired_at"?}], "orchestrators": […], "permits"?: […]}.

        Raises TrustedKeysError.
        """
        self._keys: dict[Signer, dict[str, _Key]] = {"gateways": {}, "orchestrators": {}, "permits": {}}
        faults = self._read(text)
        if faults:
            raise TrustedKeysError(faults)

    def has(self, signer: Signer, key_id: str) -> bool:
        """Whether the key is believed as that."""
        return key_id in self._keys[signer]

    def problem(self, signer: Signer, *, text: str, key_id: str, signature: bytes, at: int) -> str | None:
        """Why a signature made at that time is not believed, in words that follow "because"; None where it is."""
        if not key_id or not signature:
            return "it is not signed"
        found = self._keys[signer].get(key_id)
        shown = json.dumps(key_id[:32])
        if found is None:
            other = next((one for one in _SIGNERS if one != signer and key_id in self._keys[one]), None)
            if other is not None:
                return f"key {shown} is that of {_WHOSE[other]}, not of {_WHOSE[signer]}"
            return f"key {shown} is no trusted key of {_WHOSE[signer]}"
        if found.retired_at is not None and at >= found.retired_at:
            retired = datetime.fromtimestamp(found.retired_at / 1000, timezone.utc).isoformat()
            return f"key {key_id} was retired at {retired}, and signed it later"
        try:
            found.key.verify(signature, text.encode("utf-8"))
        except InvalidSignature:
            return f"the signature of key {key_id} is not of what it says"
        return None

    def _read(self, text: str) -> list[str]:
        try:
            value = json.loads(text)
        except ValueError:
            return ["it is not JSON"]  # The parser's words would quote the text.
        if not isinstance(value, dict):
            return ['it is no object with "gateways" and "orchestrators"']
        faults = [f"it has {json.dumps(name)}, which is no list of keys" for name in value if name not in _SIGNERS]
        for signer in _SIGNERS:
            entries = value.get(signer, [] if signer == "permits" else None)
            if not isinstance(entries, list):
                faults.append(f"it has no list {json.dumps(signer)}")
                continue
            for index, entry in enumerate(entries):
                fault = self._add(signer, entry)
                if fault is not None:
                    faults.append(f"{signer}[{index}] {fault}")
        return faults

    def _add(self, signer: Signer, entry: object) -> str | None:
        if not isinstance(entry, dict):
            return 'is no object with "id" and "public"'
        unknown = next((name for name in entry if name not in ("id", "public", "retired_at")), None)
        if unknown is not None:
            return f"has {json.dumps(unknown)}, which nobody reads"
        raw = _raw_of(entry.get("public"))
        if raw is None:
            return 'has no "public" of 32 bytes in base64url'
        key_id = key_id_of(raw)
        if entry.get("id") != key_id:
            return f'has another "id" than that of its "public", which is {json.dumps(key_id)}'
        if any(key_id in keys for keys in self._keys.values()):
            return "is there twice: a key has one purpose"
        retired_at = None
        if "retired_at" in entry:
            retired_at = _milliseconds(entry["retired_at"])
            if retired_at is None:
                return 'has a "retired_at" that is no time such as "2026-01-31T12:00:00Z"'
        self._keys[signer][key_id] = _Key(Ed25519PublicKey.from_public_bytes(raw), retired_at)
        return None


def read_trusted_keys(path: str | Path) -> TrustedKeys:
    """The keys of a file. Raises INVALID_REQUEST where it cannot be read or used."""
    where = f"The file of trusted keys {str(path)!r} (trusted_keys_file, or AGENTSPAN_TRUSTED_KEYS_FILE)"
    description = "must be a file of trusted keys"
    try:
        return TrustedKeys(Path(path).read_text("utf-8"))
    except TrustedKeysError as error:
        raise invalid(f"{where} cannot be used: {error}.", "trusted_keys_file", description) from None
    except (OSError, UnicodeDecodeError) as error:
        raise invalid(f"{where} cannot be read: {error}.", "trusted_keys_file", description) from None


def _raw_of(public: object) -> bytes | None:
    try:
        raw = from_base64url(public) if isinstance(public, str) else b""
    except ValueError:
        return None
    return raw if len(raw) == _RAW_BYTES else None


def _milliseconds(text: object) -> int | None:
    if not isinstance(text, str) or not _ISO.fullmatch(text):
        return None
    try:
        # Python 3.10 reads neither a Z nor a fraction of other than three or six digits.
        whole = re.sub(r"\.(\d{1,3})", lambda found: f".{found[1]:0<3}", text.replace("Z", "+00:00"))
        return round(datetime.fromisoformat(whole).timestamp() * 1000)
    except ValueError:
        return None
