"""What may be said with a decision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from typing_extensions import TypedDict


class DecideOptions(TypedDict, total=False):
    """What every decision may say."""

    #: Which approval, where several are open; else what this handle last showed.
    approval_id: str
    #: One id for one human act, where a caller wants to repeat it from elsewhere; a fresh one unless said.
    decision_id: str
    #: For whom a delegate decides.
    on_behalf_of: str


class RespondOptions(DecideOptions, total=False):
    """What an answer may say beside its content."""

    comment: str


class ApproveOptions(RespondOptions, total=False):
    """What an approval may say."""

    #: Runs these arguments instead; checked against the tool's schema.
    edited_arguments: Mapping[str, Any]
    #: The digest that was shown, where approval_id names an approval that this handle did not show.
    arguments_digest: str
    #: The fingerprint of the preview that was shown, or "" where none was in sight: refused as ARGUMENTS_CHANGED where
    #: another, or one at last, is in sight by now. That of what this handle showed unless said, where it showed one.
    preview_fingerprint: str


class SettleOptions(RespondOptions, total=False):
    """What a settlement may say."""

    #: With HAPPENED: the call's result.
    result: Any
