import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from agentspan.agents.errors import AgentspanError
from agentspan.signing import TrustedKeys, TrustedKeysError, key_id_of, read_trusted_keys, signed_text
from agentspan.signing.trusted_keys import Signer, from_base64url
from tests.vectors import vectors

SIGNATURES = vectors("signatures")
KEYS = SIGNATURES["keys"]
SIGNERS: dict[str, Signer] = {"gateway": "gateways", "orchestrator": "orchestrators", "permit": "permits"}


def trusted_text(**changes: object) -> str:
    lists = {
        "gateways": [{"id": KEYS["gateway"]["id"], "public": KEYS["gateway"]["public"]}],
        "permits": [{"id": KEYS["permit"]["id"], "public": KEYS["permit"]["public"]}],
        "orchestrators": [{"id": KEYS["orchestrator"]["id"], "public": KEYS["orchestrator"]["public"], **changes}],
    }
    return json.dumps(lists)


def at_of(statement: dict[str, Any]) -> int:
    return int(statement.get("at", statement.get("grantedAt", 0)))


@pytest.mark.parametrize("vector", [pytest.param(one, id=one["name"]) for one in SIGNATURES["vectors"]])
def test_believes_what_each_vector_says_was_signed(vector: dict[str, Any]) -> None:
    text = signed_text(vector["purpose"], vector["statement"])
    assert text == vector["text"]
    assert text.encode().hex() == vector["utf8"]
    signer = SIGNERS[vector["signer"]]
    about = {"text": text, "key_id": vector["keyId"], "signature": from_base64url(vector["signature"])}
    at = at_of(vector["statement"])
    assert TrustedKeys(trusted_text()).problem(signer, **about, at=at) is None
    private = load_pem_private_key(KEYS[vector["signer"]]["privatePem"].encode(), None)
    assert isinstance(private, Ed25519PrivateKey)
    assert private.sign(text.encode()) == about["signature"]


@pytest.mark.parametrize("vector", [pytest.param(one, id=one["name"]) for one in SIGNATURES["refused"]])
def test_refuses_what_each_vector_says_is_no_grant(vector: dict[str, Any]) -> None:
    # What a worker checks is the text that it makes itself of the grant; these are of other grants than the first one.
    grant = next(one for one in SIGNATURES["vectors"] if one["purpose"] == "agentspan.grant.v1")
    about = {"key_id": vector["keyId"], "signature": from_base64url(vector["signature"])}
    at = at_of(grant["statement"])
    assert TrustedKeys(trusted_text()).problem("orchestrators", text=vector["text"], **about, at=at) is not None


def test_a_key_is_named_by_the_hash_of_its_bytes() -> None:
    for key in KEYS.values():
        assert key_id_of(from_base64url(key["public"])) == key["id"]


def test_believes_a_retired_key_for_what_it_signed_before() -> None:
    trusted = TrustedKeys(trusted_text(retired_at="2026-12-31T23:00:00Z"))
    vector = next(one for one in SIGNATURES["vectors"] if one["purpose"] == "agentspan.outcome.v1")
    about = {"text": vector["text"], "key_id": vector["keyId"], "signature": from_base64url(vector["signature"])}
    assert trusted.problem("orchestrators", **about, at=1798758000000 - 1) is None
    late = trusted.problem("orchestrators", **about, at=1798758000000)
    assert late is not None
    assert "was retired at" in late


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("no", "it is not JSON"),
        ("[]", "it is no object"),
        ('{"gateways": []}', 'it has no list "orchestrators"'),
        ('{"gateways": [], "orchestrators": [], "people": []}', 'it has "people"'),
        ('{"gateways": [], "orchestrators": [1]}', "orchestrators[0] is no object"),
        (trusted_text(id="0000000000000000"), 'another "id"'),
        (trusted_text(public="AAAA"), "of 32 bytes"),
        (trusted_text(public="*"), "of 32 bytes"),
        (trusted_text(owner="ana"), 'has "owner"'),
        (trusted_text(retired_at="yesterday"), '"retired_at"'),
    ],
)
def test_says_what_is_wrong_with_a_list_of_keys(text: str, fault: str) -> None:
    with pytest.raises(TrustedKeysError) as refused:
        TrustedKeys(text)
    assert any(fault in one for one in refused.value.faults), refused.value.faults


def test_names_the_file_of_keys_that_cannot_be_used(tmp_path: Any) -> None:
    with pytest.raises(AgentspanError, match="cannot be read") as missing:
        read_trusted_keys(tmp_path / "keys.json")
    assert missing.value.reason == "INVALID_REQUEST"
    (tmp_path / "keys.json").write_text("{}")
    with pytest.raises(AgentspanError, match="cannot be used"):
        read_trusted_keys(tmp_path / "keys.json")


def test_reads_base64url_and_nothing_else() -> None:
    assert from_base64url("-_8") == base64.urlsafe_b64decode("-_8=")
    for other in ["+/8=", "-_8\n", "-"]:
        with pytest.raises(ValueError, match=r"base64url|number of data"):
            from_base64url(other)
