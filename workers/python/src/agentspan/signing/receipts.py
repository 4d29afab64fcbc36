"""Receipts: what was approved, by whom, what a worker was allowed to run for it, and what became of it.

Each part has the signature of the orchestrator that stored it. A file of a receipt has one form, so that not a byte of
it can be another.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from agentspan.agents.canonical_json import JsonProblemError, canonical_json, digest_of
from agentspan.signing.statements import signed_text
from agentspan.signing.trusted_keys import TrustedKeys, from_base64url

_FORM = "agentspan.receipt.v1"
_APPROVING = ("approved", "run_again")
_MOST = 2**53 - 1

PartName = Literal["decision", "grant", "outcome"]

_TEXTS: Mapping[PartName, str] = {
    "decision": "run call approval decision digest editedDigest outcome who onBehalfOf method credentialId address"
    " comment",
    "grant": "run call nonceDigest worker tool digest idempotencyKey approval decision",
    "outcome": "run call tool outcome digest",
}
_NUMBERS: Mapping[PartName, str] = {"decision": "at", "grant": "attempt grantedAt expiresAt", "outcome": "attempt at"}
_FLAGS: Mapping[PartName, str] = {"decision": "closes", "grant": "guarded", "outcome": ""}
#: The members of each statement and their types, so that a receipt has none that nobody checks.
_MEMBERS: Mapping[PartName, Mapping[str, type]] = {
    part: {
        **dict.fromkeys(_TEXTS[part].split(), str),
        **dict.fromkeys(_NUMBERS[part].split(), int),
        **dict.fromkeys(_FLAGS[part].split(), bool),
    }
    for part in _TEXTS
}


#: Texts that are there only where there was something to say.
_OPTIONAL: Mapping[PartName, tuple[str, ...]] = {"decision": ("preview", "group"), "grant": ("preview",), "outcome": ()}


@dataclass(frozen=True)
class SignedPart:
    """A statement with its signature."""

    part: PartName
    key_id: str
    signature: str
    statement: Mapping[str, Any]

    @property
    def text(self) -> str:
        """What was signed."""
        return signed_text(f"agentspan.{self.part}.v1", self.statement)


@dataclass(frozen=True)
class Receipt:
    """One approved call and what came of it."""

    #: RFC 8785 text: what ran.
    arguments: str
    #: Votes before the one that decided, where several were required.
    votes: tuple[SignedPart, ...]
    decision: SignedPart
    grant: SignedPart
    outcome: SignedPart


def read_receipt(text: str) -> Receipt | None:
    """The receipt of a file's text; None where it is none, or not in the one form of one."""
    try:
        value = canonical_json(text).value
    except JsonProblemError:
        return None  # That it is none is the answer.
    if not isinstance(value, dict) or value.get("receipt") != _FORM or not isinstance(value.get("arguments"), str):
        return None
    votes = value.get("votes")
    if not isinstance(votes, list):
        return None
    read = [_part("decision", vote) for vote in votes]
    decision = _part("decision", value.get("decision"))
    grant, outcome = _part("grant", value.get("grant")), _part("outcome", value.get("outcome"))
    if decision is None or grant is None or outcome is None or None in read:
        return None
    known = tuple(vote for vote in read if vote is not None)
    receipt = Receipt(value["arguments"], known, decision, grant, outcome)
    return receipt if _text_of(receipt) == text else None


def receipt_faults(receipt: Receipt, trusted: TrustedKeys) -> list[str]:
    """What does not hold, each in a few words; empty where all does. Believes nobody but the given keys."""
    votes = [vote.statement for vote in receipt.votes]
    decided, granted, ended = receipt.decision.statement, receipt.grant.statement, receipt.outcome.statement
    faults = [
        f"the {what}: {problem}"
        for what, part, at in [
            *(("vote", vote, vote.statement["at"]) for vote in receipt.votes),
            ("decision", receipt.decision, decided["at"]),
            ("grant", receipt.grant, granted["grantedAt"]),
            ("outcome", receipt.outcome, ended["at"]),
        ]
        if (problem := _signature_problem(part, at, trusted)) is not None
    ]
    checks = [
        (digest_of(receipt.arguments) == granted["digest"], "the arguments are not those that were granted"),
        (_runs(decided) == granted["digest"], "what was granted is not what was approved"),
        (
            decided["closes"] and decided["outcome"] in _APPROVING,
            f"the decision is {decided['outcome']}, no approval",
        ),
        (decided["decision"] == granted["decision"], "the grant names another decision"),
        (decided["approval"] == granted["approval"], "the grant names another approval"),
        *(
            (part["run"] == decided["run"] and part["call"] == decided["call"], "its parts are of different calls")
            for part in [*votes, granted, ended]
        ),
        *(
            (
                vote["approval"] == decided["approval"] and _runs(vote) == granted["digest"],
                "a vote is about something else",
            )
            for vote in votes
        ),
        (_checked(decided, granted), "what it would do was not checked against what was shown"),
        *((_checked(vote, granted) or "preview" not in vote, "a vote was shown something else") for vote in votes),
        (
            granted["attempt"] == ended["attempt"] and granted["tool"] == ended["tool"],
            "the outcome is of another attempt",
        ),
        (decided["at"] <= granted["grantedAt"] <= ended["at"], "its times are not in order"),
    ]
    return [*faults, *(otherwise for holds, otherwise in checks if not holds)]


def _signature_problem(part: SignedPart, at: int, trusted: TrustedKeys) -> str | None:
    signature = from_base64url(part.signature)
    return trusted.problem("orchestrators", text=part.text, key_id=part.key_id, signature=signature, at=at)


def _runs(decision: Mapping[str, Any]) -> str:
    """The digest of what a decision lets run."""
    return str(decision["editedDigest"] or decision["digest"])


def _checked(decision: Mapping[str, Any], grant: Mapping[str, Any]) -> bool:
    """Whether the grant was checked against what was shown. An edit is of arguments that nothing was shown of."""
    shown = decision.get("preview") if decision["editedDigest"] == "" else None
    return bool(grant.get("preview") == shown)


def _part(part: PartName, value: object) -> SignedPart | None:
    if not isinstance(value, dict) or set(value) != {"keyId", "signature", "statement"}:
        return None
    key_id, signature, statement = value["keyId"], value["signature"], value["statement"]
    if not isinstance(key_id, str) or not isinstance(signature, str) or not _is_statement(part, statement):
        return None
    try:
        from_base64url(signature)
    except ValueError:
        return None
    return SignedPart(part, key_id, signature, statement)


def _is_statement(part: PartName, value: object) -> bool:
    if not isinstance(value, dict):
        return False
    members = {**_MEMBERS[part], **{name: str for name in _OPTIONAL[part] if name in value}}
    others = dict(value)
    if part == "decision" and "ground" in others and not _is_ground(others.pop("ground")):
        return False
    return set(others) == set(members) and all(_is_of(others[name], kind) for name, kind in members.items())


def _is_ground(value: object) -> bool:
    if not isinstance(value, dict) or set(value) != {"grantId", "version", "use"}:
        return False
    return _is_of(value["grantId"], str) and _is_of(value["version"], str) and _is_of(value["use"], int)


def _is_of(value: object, kind: type) -> bool:
    # A bool is an int in Python, and no number in JSON.
    return type(value) is kind and (not isinstance(value, int) or abs(value) <= _MOST)


def _text_of(receipt: Receipt) -> str:
    def signed(part: SignedPart) -> dict[str, Any]:
        sorted_statement = json.loads(part.text)["statement"]
        raw = base64.urlsafe_b64encode(from_base64url(part.signature)).decode("ascii").rstrip("=")
        return {"keyId": part.key_id, "signature": raw, "statement": sorted_statement}

    parts = {
        "receipt": _FORM,
        "arguments": receipt.arguments,
        "votes": [signed(vote) for vote in receipt.votes],
        "decision": signed(receipt.decision),
        "grant": signed(receipt.grant),
        "outcome": signed(receipt.outcome),
    }
    # As JavaScript writes it with an indentation of two: an empty list on one line, as Python does too.
    return f"{json.dumps(parts, indent=2, ensure_ascii=False)}\n"
