"""A user of a NATS server that proves itself by a key: Ed25519, with seed and public key as NATS writes them."""

from __future__ import annotations

import base64
import binascii

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

# What the first bits of a text say that it is.
_SEED = 18 << 3
_USER = 20 << 3
_SEED_BYTES = 32


class NkeyUser:
    """The seed stays here; what is shown is a signature of what the server asks."""

    def __init__(self, seed: str) -> None:
        """Raise ValueError, without the seed, where it is none of a user."""
        self._key = Ed25519PrivateKey.from_private_bytes(_raw_of(seed))
        #: As the server's configuration names it.
        self.public = _written(_USER, self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    def sign(self, nonce: str) -> bytes:
        """The answer to what the server asks when it is connected to."""
        return base64.b64encode(self._key.sign(nonce.encode("utf-8")))


def _raw_of(seed: str) -> bytes:
    text = seed.strip()
    try:
        data = base64.b32decode(text + "=" * (-len(text) % 8))
    except binascii.Error:
        data = b""
    body, check = data[:-2], data[-2:]
    if len(body) != 2 + _SEED_BYTES or check != _checksum(body):
        raise ValueError("It is no seed of an nkey.")
    kind, of = body[0] & 0xF8, (body[0] & 0x07) << 5 | (body[1] & 0xF8) >> 3
    if kind != _SEED or of != _USER:
        raise ValueError("It is no seed of a user's nkey.")
    return body[2:]


def _written(kind: int, raw: bytes) -> str:
    body = bytes([kind]) + raw
    return base64.b32encode(body + _checksum(body)).decode("ascii").rstrip("=")


def _checksum(body: bytes) -> bytes:
    return binascii.crc_hqx(body, 0).to_bytes(2, "little")
