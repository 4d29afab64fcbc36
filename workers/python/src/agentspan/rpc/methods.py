"""The methods of the contract that the SDK calls, each with the type of its answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from google.protobuf.message import Message

from agentspan.v1 import agent_pb2, approval_pb2, grant_pb2, run_pb2

I = TypeVar("I", bound=Message)  # noqa: E741
O = TypeVar("O", bound=Message)  # noqa: E741


@dataclass(frozen=True)
class Method(Generic[I, O]):
    """One method; a call of it takes and gives these messages."""

    path: str
    request: type[I]
    answer: type[O]


def _run(name: str, request: type[I], answer: type[O]) -> Method[I, O]:
    return Method(f"/agentspan.v1.RunService/{name}", request, answer)


def _grant(name: str, request: type[I], answer: type[O]) -> Method[I, O]:
    return Method(f"/agentspan.v1.GrantService/{name}", request, answer)


START = _run("Start", run_pb2.StartRequest, run_pb2.StartResponse)
GET_STATUS = _run("GetStatus", run_pb2.GetStatusRequest, run_pb2.GetStatusResponse)
STREAM_EVENTS = _run("StreamEvents", run_pb2.StreamEventsRequest, run_pb2.StreamEventsResponse)
APPROVE = _run("Approve", run_pb2.ApproveRequest, run_pb2.ApproveResponse)
REJECT = _run("Reject", run_pb2.RejectRequest, run_pb2.RejectResponse)
RESPOND = _run("Respond", run_pb2.RespondRequest, run_pb2.RespondResponse)
SETTLE = _run("Settle", run_pb2.SettleRequest, run_pb2.SettleResponse)
CANCEL = _run("Cancel", run_pb2.CancelRequest, run_pb2.CancelResponse)
PAUSE = _run("Pause", run_pb2.PauseRequest, run_pb2.PauseResponse)
RESUME = _run("Resume", run_pb2.ResumeRequest, run_pb2.ResumeResponse)
GET_APPROVAL = Method(
    "/agentspan.v1.ApprovalService/GetApproval", approval_pb2.GetApprovalRequest, approval_pb2.GetApprovalResponse
)
PUT_AGENT = Method("/agentspan.v1.AgentService/PutAgent", agent_pb2.PutAgentRequest, agent_pb2.PutAgentResponse)
CREATE_GRANT = _grant("CreateGrant", grant_pb2.CreateGrantRequest, grant_pb2.CreateGrantResponse)
GET_GRANT = _grant("GetGrant", grant_pb2.GetGrantRequest, grant_pb2.GetGrantResponse)
LIST_GRANTS = _grant("ListGrants", grant_pb2.ListGrantsRequest, grant_pb2.ListGrantsResponse)
REVOKE_GRANT = _grant("RevokeGrant", grant_pb2.RevokeGrantRequest, grant_pb2.RevokeGrantResponse)
