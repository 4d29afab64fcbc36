"""Agents whose tool calls wait for a person."""

from agentspan.agents.agent import Agent, AnyTool
from agentspan.agents.agent_handle import AgentHandle
from agentspan.agents.agent_runtime import AgentRuntime
from agentspan.agents.agent_stream import AgentStream
from agentspan.agents.agent_tool import AgentTool, agent_tool
from agentspan.agents.approval import (
    Approval,
    Approvers,
    Decision,
    GrantUse,
    Preview,
    ProbeFinding,
    UnknownOutcome,
    Vote,
)
from agentspan.agents.approval_policy import ApprovalOptions, ApproverOptions
from agentspan.agents.call_outcome import CallOutcome
from agentspan.agents.decide_options import ApproveOptions, DecideOptions, RespondOptions, SettleOptions
from agentspan.agents.decided_signal import Decided
from agentspan.agents.default_runtime import (
    default_runtime,
    run,
    run_async,
    serve,
    shutdown,
    start,
    start_async,
    stream,
    stream_async,
)
from agentspan.agents.duration import Duration
from agentspan.agents.errors import REASONS, AgentspanError, FieldFault, Reason, TerminalError
from agentspan.agents.human_tool import HumanTool, human_tool
from agentspan.agents.preview import PreviewContext
from agentspan.agents.probe import DidNotHappen, Happened, ProbeAnswer, ProbeContext, Unknown
from agentspan.agents.run_calls import ApproveResult, DecideResult
from agentspan.agents.run_event import RunEvent
from agentspan.agents.run_status import AgentResult, BlockedTool, RunError, RunStatus, Usage
from agentspan.agents.standing_grants import StandingGrant, StandingGrants
from agentspan.agents.start_options import AgentSource, StartOptions
from agentspan.agents.tool import RetryOptions, Tool, ToolOptions, tool
from agentspan.agents.tool_context import Cancellation, ToolContext, ToolProof

__all__ = [
    "REASONS",
    "Agent",
    "AgentHandle",
    "AgentResult",
    "AgentRuntime",
    "AgentSource",
    "AgentStream",
    "AgentTool",
    "AgentspanError",
    "AnyTool",
    "Approval",
    "ApprovalOptions",
    "ApproveOptions",
    "ApproveResult",
    "ApproverOptions",
    "Approvers",
    "BlockedTool",
    "CallOutcome",
    "Cancellation",
    "DecideOptions",
    "DecideResult",
    "Decided",
    "Decision",
    "DidNotHappen",
    "Duration",
    "FieldFault",
    "GrantUse",
    "Happened",
    "HumanTool",
    "Preview",
    "PreviewContext",
    "ProbeAnswer",
    "ProbeContext",
    "ProbeFinding",
    "Reason",
    "RespondOptions",
    "RetryOptions",
    "RunError",
    "RunEvent",
    "RunStatus",
    "SettleOptions",
    "StandingGrant",
    "StandingGrants",
    "StartOptions",
    "TerminalError",
    "Tool",
    "ToolContext",
    "ToolOptions",
    "ToolProof",
    "Unknown",
    "UnknownOutcome",
    "Usage",
    "Vote",
    "agent_tool",
    "default_runtime",
    "human_tool",
    "run",
    "run_async",
    "serve",
    "shutdown",
    "start",
    "start_async",
    "stream",
    "stream_async",
    "tool",
]
