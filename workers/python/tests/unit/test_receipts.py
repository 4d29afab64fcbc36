import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from agentspan.agents.canonical_json import digest_of
from agentspan.signing import TrustedKeys, read_receipt, receipt_faults, signed_text
from tests.unit.test_signing import KEYS, trusted_text
from tests.vectors import vectors

ARGS = '{"amount":29.99,"note":"über 20 €","order_id":"ORD-8821"}'
AT = 1_798_761_600_000


def signed(part: str, statement: dict[str, Any]) -> dict[str, Any]:
    private = load_pem_private_key(KEYS["orchestrator"]["privatePem"].encode(), None)
    assert isinstance(private, Ed25519PrivateKey)
    signature = private.sign(signed_text(f"agentspan.{part}.v1", statement).encode())
    text = base64.urlsafe_b64encode(signature).decode().rstrip("=")
    return {"keyId": KEYS["orchestrator"]["id"], "signature": text, "statement": dict(sorted(statement.items()))}


def receipt(decision: dict[str, Any] | None = None, grant: dict[str, Any] | None = None) -> dict[str, Any]:
    call = {"run": "run_1", "call": "t1c1"}
    texts = dict.fromkeys(["editedDigest", "onBehalfOf", "comment"], "")
    said = {"who": "ana@acme.test", "method": "api_key", "credentialId": "k7", "address": "10.0.0.7", "at": AT}
    decided = {"approval": "apr_1", "decision": "dec_1", "digest": digest_of(ARGS), "outcome": "approved"}
    granted = {"attempt": 1, "nonceDigest": digest_of("n"), "worker": "w1", "tool": "refund", "guarded": True}
    until = {"idempotencyKey": "run_1-t1c1", "grantedAt": AT + 1_000, "expiresAt": AT + 31_000}
    ended = {"attempt": 1, "tool": "refund", "outcome": "result", "digest": digest_of("{}"), "at": AT + 2_000}
    approved = {"approval": "apr_1", "decision": "dec_1", "digest": digest_of(ARGS)}
    return {
        "receipt": "agentspan.receipt.v1",
        "arguments": ARGS,
        "votes": [],
        "decision": signed("decision", {**call, **texts, **said, **decided, "closes": True, **(decision or {})}),
        "grant": signed("grant", {**call, **granted, **until, **approved, **(grant or {})}),
        "outcome": signed("outcome", {**call, **ended}),
    }


def text_of(parts: dict[str, Any]) -> str:
    return f"{json.dumps(parts, indent=2, ensure_ascii=False)}\n"


def faults_of(parts: dict[str, Any]) -> list[str]:
    read = read_receipt(text_of(parts))
    assert read is not None
    return receipt_faults(read, TrustedKeys(trusted_text()))


RECEIPTS = vectors("receipts")


@pytest.mark.parametrize("vector", [pytest.param(one, id=one["name"]) for one in RECEIPTS["vectors"]])
def test_says_of_each_vector_whether_it_holds(vector: dict[str, Any]) -> None:
    read = read_receipt(vector["text"])
    assert (read is None) == (vector["fault"] == "no receipt")
    if read is not None:
        faults = receipt_faults(read, TrustedKeys(RECEIPTS["trustedKeys"]))
        assert any(vector["fault"] in fault for fault in faults) if vector["fault"] else faults == []


def test_finds_nothing_wrong_with_a_receipt_that_holds() -> None:
    assert faults_of(receipt()) == []


def test_takes_what_is_said_only_where_there_is_something_to_say() -> None:
    shown = {"preview": digest_of("p")}
    ground = {"grantId": "gra_1", "use": 1, "version": "0123456789abcdef"}
    assert faults_of(receipt({**shown, "group": "finance", "ground": ground}, shown)) == []
    assert read_receipt(text_of(receipt({"ground": {**ground, "use": True}}))) is None


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"arguments": "{}"}, "the arguments are not those that were granted"),
        ({"decision": {"digest": digest_of("{}")}}, "what was granted is not what was approved"),
        ({"decision": {"outcome": "rejected"}}, "the decision is rejected, no approval"),
        ({"decision": {"closes": False}}, "the decision is approved, no approval"),
        ({"grant": {"decision": "dec_2"}}, "the grant names another decision"),
        ({"grant": {"approval": "apr_2"}}, "the grant names another approval"),
        ({"grant": {"run": "run_2"}}, "its parts are of different calls"),
        ({"decision": {"preview": digest_of("p")}}, "what it would do was not checked against what was shown"),
        ({"grant": {"attempt": 2}}, "the outcome is of another attempt"),
        ({"grant": {"grantedAt": AT - 1}}, "its times are not in order"),
    ],
)
def test_says_what_does_not_hold(changed: dict[str, Any], fault: str) -> None:
    parts = receipt(changed.get("decision"), changed.get("grant"))
    assert fault in faults_of({**parts, **({"arguments": "{}"} if "arguments" in changed else {})})


def test_finds_a_statement_that_was_changed_after_it_was_signed() -> None:
    parts = receipt()
    parts["decision"]["statement"]["who"] = "eve@acme.test"
    assert [fault for fault in faults_of(parts) if "is not of what it says" in fault] == faults_of(parts)


def test_reads_a_receipt_in_its_one_form_only() -> None:
    parts = receipt()
    assert read_receipt(text_of(parts)) is not None
    assert read_receipt(json.dumps(parts)) is None
    assert read_receipt(text_of({**parts, "more": 1})) is None
    parts["decision"]["statement"]["extra"] = ""
    assert read_receipt(text_of(parts)) is None
    assert read_receipt("no receipt") is None
