"""Whether people must approve the calls of a tool, from the options that tools of every kind share."""

from __future__ import annotations

from agentspan.agents.approval_policy import ApprovalOptions, policy_of
from agentspan.agents.errors import AgentspanError, invalid
from agentspan.v1 import agent_pb2


def require_flag(value: object, field: str, owner: str) -> None:
    """Raises INVALID_REQUEST for what is neither True nor False: "false" must not be guessed to mean True."""
    if not isinstance(value, bool):
        raise invalid(f"The {owner} has the {field} {value!r}; it must be True or False.", field, "must be a bool")


def misplaced(field: str, owner: str, rule: str) -> AgentspanError:
    """INVALID_REQUEST about an option that does not go with the others."""
    return invalid(f"The {field} of {owner} {rule}.", field, rule)


def gate_of(
    owner: str, *, approval_required: bool, approval_explicit: bool, approval: bool | ApprovalOptions | None
) -> agent_pb2.ApprovalPolicy | None:
    """The policy of a tool; None where no person is asked. Raises INVALID_REQUEST."""
    require_flag(approval_required, "approval_required", owner)
    require_flag(approval_explicit, "approval_explicit", owner)
    if approval is None or approval is True:
        if approval is None and not approval_required:
            if not approval_explicit:
                return None
            rule = "is for a tool that needs approval: set approval_required as well"
            raise misplaced("approval_explicit", owner, rule)
        return policy_of({"explicit": approval_explicit}, owner)
    if approval is False:
        raise misplaced("approval", owner, "is True, or a dict that says who may approve; leave it out for neither")
    if approval_required and isinstance(approval, dict) and "rule" in approval:
        rule = "makes every call wait, and the rule of its approval says which ones"
        raise misplaced("approval_required", owner, rule)
    if approval_explicit:
        raise misplaced("approval_explicit", owner, "is said as explicit in its approval")
    return policy_of(approval, owner)
