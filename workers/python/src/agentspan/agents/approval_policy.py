"""When people must approve a tool's calls, and who may: as options, and as an agent's definition tells it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from typing_extensions import TypedDict

from agentspan.agents.duration import Duration, to_message
from agentspan.agents.errors import AgentspanError, invalid
from agentspan.v1 import agent_pb2


class ApproverOptions(TypedDict, total=False):
    """People by name, or by a group of their credential."""

    users: Sequence[str]
    groups: Sequence[str]


class ApprovalOptions(TypedDict, total=False):
    """What a tool's approvals ask for. docs/approvals.md has all of it."""

    #: Which calls wait for a person, where not all of them do: a CEL expression over `args` and the run's `labels`,
    #: such as "args.amount > 100". Where it fails or says neither true nor false, the call waits. Numbers are doubles.
    rule: str
    #: Approving demands the approval id and the digest that was shown: a bare approve is refused.
    explicit: bool
    #: Who may decide; everybody whom the server lets approve, where left out.
    approvers: ApproverOptions
    #: How many people must approve; 1 unless said. One rejection closes.
    votes: int
    #: Whoever started a run may also approve its calls, which is refused otherwise where authentication is on.
    self_approval: bool
    #: How long people have to decide, 1 s or more; as long as it takes where left out. Nothing is approved by time.
    expires_in: Duration
    #: What then happens: "reject" (the model is told, and goes on) unless said; "fail" ends the run.
    on_expiry: Literal["reject", "fail", "escalate"]
    #: With "escalate", and needed then: who decides from then on, in place of the approvers.
    escalate_to: ApproverOptions
    #: With "escalate": how long they have before the call is rejected; as long as the first unless said.
    escalation_expires_in: Duration
    #: A `reminded` event so often while nobody has decided, 1 minute or more.
    remind_every: Duration


_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "rule": str,
    "explicit": bool,
    "approvers": Mapping,
    "votes": int,
    "self_approval": bool,
    "expires_in": object,
    "on_expiry": str,
    "escalate_to": Mapping,
    "escalation_expires_in": object,
    "remind_every": object,
}
_ON_EXPIRY = {
    "reject": agent_pb2.ON_EXPIRY_REJECT,
    "fail": agent_pb2.ON_EXPIRY_FAIL,
    "escalate": agent_pb2.ON_EXPIRY_ESCALATE,
}


def require_options(options: Mapping[str, Any], whose: str, kinds: Mapping[str, type | tuple[type, ...]]) -> None:
    """Raises INVALID_REQUEST where there is an option that nobody reads, or a value of another kind."""
    if not isinstance(options, Mapping):
        raise invalid(f"{whose} is {options!r}; it must be a dict.", "options", "must be a dict")
    for key, value in options.items():
        if key not in kinds:
            near = difflib.get_close_matches(str(key), kinds, n=1)
            remedy = f"Did you mean {near[0]}?" if near else f"Its options are {', '.join(kinds)}."
            raise invalid(f"{whose} has no option {key!r}. {remedy}", str(key), f"is not an option. {remedy}")
        kind = kinds[key]
        fits = isinstance(value, kind) and not (kind is int and isinstance(value, bool))
        if not fits:
            words = getattr(kind, "__name__", str(kind)).lower()
            raise invalid(f"{whose} has the {key} {value!r}; it must be of the kind {words}.", key, f"must be {words}")


def policy_of(options: ApprovalOptions, owner: str) -> agent_pb2.ApprovalPolicy:
    """Raises INVALID_REQUEST where the options cannot be used. The owner is 'tool "pay_out"'."""
    require_options(options, f"The approval of the {owner}", _KINDS)
    rule = options.get("rule")
    policy = agent_pb2.ApprovalPolicy(
        required=rule is None,
        rule=rule or "",
        explicit=options.get("explicit", False),
        votes_required=_votes(options, owner),
        self_approval=options.get("self_approval", False),
    )
    if rule == "":
        raise _unusable("rule", owner, "is empty: leave it out where every call waits")
    if "approvers" in options:
        policy.approvers.CopyFrom(_approvers(options["approvers"], "approvers", owner))
    if "remind_every" in options:
        policy.remind_every.CopyFrom(to_message(options["remind_every"], f"{owner}.approval.remind_every"))
    _add_expiry(policy, options, owner)
    return policy


def _votes(options: ApprovalOptions, owner: str) -> int:
    votes = options.get("votes", 0)
    if votes < 0:
        raise _unusable("votes", owner, "must be a whole number, 0 or more")
    return votes


def _add_expiry(policy: agent_pb2.ApprovalPolicy, options: ApprovalOptions, owner: str) -> None:
    if "expires_in" not in options:
        alone = next((key for key in ("on_expiry", "escalate_to", "escalation_expires_in") if key in options), None)
        if alone is not None:
            raise _unusable(alone, owner, "is for an approval that expires: set expires_in as well")
        return
    on_expiry = options.get("on_expiry")
    if on_expiry is not None and on_expiry not in _ON_EXPIRY:
        raise _unusable("on_expiry", owner, 'must be "reject", "fail" or "escalate"')
    if (on_expiry == "escalate") != ("escalate_to" in options):
        raise _unusable("escalate_to", owner, 'goes with on_expiry "escalate", which needs it')
    if on_expiry != "escalate" and "escalation_expires_in" in options:
        raise _unusable("escalation_expires_in", owner, 'goes with on_expiry "escalate"')
    policy.expires_in.CopyFrom(to_message(options["expires_in"], f"{owner}.approval.expires_in"))
    if on_expiry is not None:
        policy.on_expiry = _ON_EXPIRY[on_expiry]
    if "escalate_to" in options:
        policy.escalate_to.CopyFrom(_approvers(options["escalate_to"], "escalate_to", owner))
    if "escalation_expires_in" in options:
        further = to_message(options["escalation_expires_in"], f"{owner}.approval.escalation_expires_in")
        policy.escalation_expires_in.CopyFrom(further)


def _approvers(options: ApproverOptions, field: str, owner: str) -> agent_pb2.Approvers:
    require_options(options, f"The {field} of the {owner}", {"users": (list, tuple), "groups": (list, tuple)})
    users, groups = list(options.get("users", [])), list(options.get("groups", []))
    names = [*users, *groups]
    if not names or not all(isinstance(name, str) and name for name in names):
        raise _unusable(field, owner, "must name at least one user or group, each in a text that is not empty")
    return agent_pb2.Approvers(users=users, groups=groups)


def _unusable(field: str, owner: str, description: str) -> AgentspanError:
    return invalid(f"The {field} of the {owner} {description}.", field, description)
