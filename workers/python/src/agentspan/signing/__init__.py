"""Signatures of orchestrators, checked against a file of keys that are trusted: of grants and of receipts."""

from agentspan.signing.receipts import Receipt, read_receipt, receipt_faults
from agentspan.signing.statements import GRANT_VALID_MS, grant_text, signed_text
from agentspan.signing.trusted_keys import TrustedKeys, TrustedKeysError, key_id_of, read_trusted_keys

__all__ = [
    "GRANT_VALID_MS",
    "Receipt",
    "TrustedKeys",
    "TrustedKeysError",
    "grant_text",
    "key_id_of",
    "read_receipt",
    "read_trusted_keys",
    "receipt_faults",
    "signed_text",
]
