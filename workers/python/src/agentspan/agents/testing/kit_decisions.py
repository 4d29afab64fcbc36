"""What people decide, written down, by the tool that is asked for."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from agentspan.agents.agent_handle import AgentHandle
from agentspan.agents.approval import Approval
from agentspan.agents.decide_options import RespondOptions
from agentspan.agents.duration import Duration, to_seconds
from agentspan.agents.run_calls import SettleOutcome
from agentspan.agents.testing.kit_error import KitError
from agentspan.agents.testing.script_words import by_tool, is_itself, script_args, script_json, script_text


@dataclass(frozen=True)
class ScriptedDecision:
    """What a person does about one approval or question."""

    #: In words, for a person who reads why a test failed.
    text: str
    #: In the event loop of the network. None where nobody ever does anything; gives whether that decided it.
    act: Callable[[AgentHandle, Approval], Awaitable[bool]] | None
    #: After so many seconds.
    after: float = 0.0


DecisionFunction: TypeAlias = Callable[[Approval], ScriptedDecision | Awaitable[ScriptedDecision]]

ToolDecisions: TypeAlias = ScriptedDecision | Sequence[ScriptedDecision] | DecisionFunction
"""One decision for every time that the tool is asked for, one for each time, or a function that looks at it."""

DecisionScript: TypeAlias = Mapping[str, ToolDecisions]
"""By the tool's name."""


def approve(*, by: str = "", comment: str = "") -> ScriptedDecision:
    """Lets the call run, with the arguments that were shown. `by`: the person in whose name it is decided."""

    async def act(handle: AgentHandle, approval: Approval) -> bool:
        about = _about(approval, by, comment)
        return (await handle.approve_async(arguments_digest=approval.arguments_digest, **about)).closed

    _require_words(by, comment)
    return ScriptedDecision("approve()", act)


def approve_with(args: Mapping[str, Any], *, by: str = "", comment: str = "") -> ScriptedDecision:
    """Lets the call run, with other arguments."""

    async def act(handle: AgentHandle, approval: Approval) -> bool:
        about = _about(approval, by, comment)
        digest = approval.arguments_digest
        return (await handle.approve_async(arguments_digest=digest, edited_arguments=args, **about)).closed

    _require_words(by, comment)
    return ScriptedDecision(f"approve_with({script_args(args, 'The arguments of approve_with()')})", act)


def reject(reason: str, *, by: str = "") -> ScriptedDecision:
    """Refuses the call: the model is told the reason. Of a question: declines to answer."""

    async def act(handle: AgentHandle, approval: Approval) -> bool:
        await handle.reject_async(reason, approval_id=approval.approval_id, on_behalf_of=by)
        return True

    _require_words(by, "")
    script_text(reason, "The reason of reject()")
    return ScriptedDecision(f"reject({json.dumps(reason, ensure_ascii=False)})", act)


def respond(content: object, *, by: str = "", comment: str = "") -> ScriptedDecision:
    """Answers a question; or answers in place of a tool, which then does not run."""

    async def act(handle: AgentHandle, approval: Approval) -> bool:
        await handle.respond_async(content, **_about(approval, by, comment))
        return True

    _require_words(by, comment)
    return ScriptedDecision(f"respond({script_json(content, 'The content of respond()')})", act)


def settle(outcome: SettleOutcome, *, result: object = None, by: str = "", comment: str = "") -> ScriptedDecision:
    """Says what became of a call whose outcome nobody knows. `result`: the call's, where it happened."""

    async def act(handle: AgentHandle, approval: Approval) -> bool:
        return (await handle.settle_async(outcome, result=result, **_about(approval, by, comment))).closed

    _require_words(by, comment)
    script_json(result, "The result of settle()")
    return ScriptedDecision(f"settle({json.dumps(outcome)})", act)


def after(time: Duration, then: ScriptedDecision) -> ScriptedDecision:
    """The same, so much time after it was asked for."""
    seconds = to_seconds(time, "The time of after()")
    if not isinstance(then, ScriptedDecision):
        raise KitError(f"after() is given {shown(then)}: write what happens then, as after({time!r}, approve()).")
    said = json.dumps(time) if isinstance(time, str) else str(time)
    return dataclasses.replace(then, text=f"after({said}, {then.text})", after=then.after + seconds)


def nobody() -> ScriptedDecision:
    """Nobody decides: it waits, or expires."""
    return ScriptedDecision("nobody()", None)


_MAKERS = (approve, approve_with, reject, respond, settle, after, nobody)


def read_decisions(script: object) -> dict[str, ToolDecisions]:
    """A script as a test writes it. Raises KitError where it is none."""
    read = by_tool(script, "The kit's decisions", 'decisions={"process_refund": approve()}')
    return {name: _read(decisions, name) for name, decisions in read.items()}


def _read(decisions: object, name: str) -> ToolDecisions:
    if isinstance(decisions, ScriptedDecision):
        return decisions
    if callable(decisions) and is_itself(decisions, _MAKERS) is None:
        function: DecisionFunction = decisions
        return function
    listed = list(decisions) if isinstance(decisions, Iterable) and not isinstance(decisions, str | Mapping) else None
    for one in [decisions] if listed is None else listed:
        if not isinstance(one, ScriptedDecision):
            raise KitError(
                f"The kit's decisions have {shown(one)} for {name}: write a decision, such as approve(), a list of "
                "them, or a function that gives one."
            )
    return listed or []


def shown(value: object) -> str:
    """What is no decision, for a sentence."""
    maker = is_itself(value, _MAKERS)
    return repr(value) if maker is None else f"{maker} without its ()"


def refusal(of: ScriptedDecision | None, tool_name: str, error: Exception) -> str:
    """What became of a decision that was not taken, in a sentence; of none, what went wrong with giving one."""
    why = getattr(error, "message", str(error))
    return why if of is None else f"{of.text} of {tool_name} was refused: {why}"


def _require_words(by: object, comment: object) -> None:
    script_text(by, "The name of who decides")
    script_text(comment, "The comment of a decision")


def _about(approval: Approval, by: str, comment: str) -> RespondOptions:
    return {"approval_id": approval.approval_id, "on_behalf_of": by, "comment": comment}
