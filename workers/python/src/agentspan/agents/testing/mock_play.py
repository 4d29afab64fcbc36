"""The steps of a made-up run as what happens in it; and which of them no server would bring about."""

from __future__ import annotations

import json

from agentspan.agents.json_text import JsonWritingError, write_exact_json
from agentspan.agents.testing.finding import sentence
from agentspan.agents.testing.hidden_frames import of_the_library
from agentspan.agents.testing.kit_error import KitError
from agentspan.agents.testing.mock_event import (
    DecidedStep,
    DoneStep,
    ErrorStep,
    MockEvent,
    ToolCallStep,
    ToolErrorStep,
    ToolResultStep,
    WaitingStep,
)
from agentspan.agents.testing.mock_refusals import (
    DECIDED,
    no_call,
    require_name,
    votes_text,
    what_waits,
    why_not,
)
from agentspan.agents.testing.played_call import Checkpoint, PlayedCall, Rejection
from agentspan.agents.testing.played_decision import Word, decide
from agentspan.agents.testing.played_reply import AskedCall, RefusedCallError
from agentspan.agents.testing.played_run import PlayedRun
from agentspan.v1 import agent_pb2

__tracebackhide__ = of_the_library


class StepError(KitError):
    """What is wrong with a step that was taken already."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        #: Of the step.
        self.at = at


class MockPlay:
    """Takes the steps one by one. Each raises KitError where no run can take it."""

    def __init__(self, definition: agent_pb2.AgentDefinition, input: str) -> None:
        self.run = PlayedRun(definition, input)
        # Calls that follow one another: they are one reply.
        self._calls: list[tuple[int, ToolCallStep]] = []
        # It was said that the run waits, since its last decision.
        self._said_to_wait = False
        self._count = 0

    def take(self, step: MockEvent, at: int) -> None:
        """Takes a step, which is the one of that index."""
        if self.run.ended is not None:
            raise KitError(f"{step.text} comes after the run has ended: it is {self.run.state}.")
        if isinstance(step, ToolCallStep):
            self._require_tool(step.tool_name)
            self._require_nothing_open(step)
            # Here, where the step is known.
            _json_text(step.args, f"The arguments of {step.tool_name}")
            self._calls.append((at, step))
            return
        self.settle_turn()
        if isinstance(step, ToolResultStep):
            call = self._call_of(step)
            self._finish(call, result=_json_text(step.value, f"The result of {step.tool_name}"))
        elif isinstance(step, ToolErrorStep):
            self._finish(self._call_of(step), error=step.message_text)
        elif isinstance(step, WaitingStep):
            self._take_waiting(step)
        elif isinstance(step, DecidedStep):
            self._take_decision(step)
        elif isinstance(step, DoneStep):
            self._close_turn(step)
            self._answer(step)
        elif isinstance(step, ErrorStep):
            self._close_turn(step)
            self.run.fail_model(step.message_text)

    def settle_turn(self) -> None:
        """The model's reply is whole: what it called is taken."""
        made, self._calls = self._calls, []
        if not made:
            return
        asked = [
            AskedCall(step.tool_name, _json_text(step.args, f"The arguments of {step.tool_name}"), at)
            for at, step in made
        ]
        try:
            self.run.reply("", asked)
        except RefusedCallError as refused:
            message = f"The server refuses this call of {refused.call.tool_name}: {refused.problem}"
            raise StepError(message, refused.call.at) from None
        if self.run.error is not None:
            raise KitError(f"The run fails here: {self.run.error.reason}: {self.run.error.message}")

    def _call_of(self, step: ToolResultStep | ToolErrorStep) -> PlayedCall:
        """The call that a step says the outcome of."""
        name = step.tool_name
        self._require_tool(name)
        call = next((call for call in self.run.open_calls if call.tool.name == name), None)
        if call is None:
            raise KitError(f"{step.text} is the result of {no_call(self.run, name)}.")
        return call

    def _finish(self, call: PlayedCall, *, result: str = "null", error: str | None = None) -> None:
        if call.state == "starting":
            self.run.run_child(call, result, error)
            return
        self._count += 1
        if call.state == "gated":
            raise KitError(why_not(self.run, call))
        self.run.run_call(call, result, error)

    def _take_waiting(self, step: WaitingStep) -> None:
        if not self.run.open_checkpoints:
            raise KitError(f"{step.text}, but the run waits for nobody: {what_waits(self.run.definition)}.")
        self._said_to_wait = True

    def _take_decision(self, step: DecidedStep) -> None:
        name = step.tool_name
        asked = list(dict.fromkeys(one.call.tool.name for one in self.run.open_checkpoints))
        if name is None and len(asked) > 1:
            raise KitError(f"{step.text} may be about {' or '.join(asked)}: say which, by tool_name.")
        require_name(step.text, step.by)
        checkpoint = next((one for one in self.run.open_checkpoints if name in (None, one.call.tool.name)), None)
        if checkpoint is None:
            whom = "nobody was asked" if name is None else f"nobody was asked about {name}"
            before = "put the MockEvent.tool_call() of a tool that needs approval before it"
            raise KitError(f"{step.text}, but {whom}: {before}.")
        self._count += 1
        edits = step.outcome == "APPROVED" and step.args is not None
        word = Word(
            decision_id=f"decision_{self._count}",
            outcome=step.outcome,
            who=step.by,
            groups=step.groups,
            comment=step.reason,
            edited=_json_text(step.args, "The edited arguments") if edits else None,
            content=_json_text(step.content, "The answer") if step.outcome == "RESPONDED" else "",
        )
        answer = decide(self.run, checkpoint, word)
        if isinstance(answer, Rejection):
            raise KitError(f"{step.text} is refused: {answer.reason}: {answer.message}")
        self._said_to_wait = False

    def _close_turn(self, step: MockEvent) -> None:
        """What was left out before the end: results that nobody looks at, and the approval of what was said to wait."""
        for call in self.run.open_calls:
            checkpoint = next((one for one in self.run.open_checkpoints if one.call is call), None)
            if checkpoint is not None:
                waits = f"but {call.tool.name} still waits for a person"
                if checkpoint.votes:
                    missing = f"{votes_text(checkpoint)}: put MockEvent.decided() of others before it"
                    raise KitError(f"{step.text}, {waits}. {missing}.")
                if not self._said_to_wait or checkpoint.is_question:
                    raise KitError(f"{step.text}, {waits}: put {DECIDED} before it.")
                self._approve_unsaid(checkpoint)
            if call.state != "finished":
                self._finish(call)

    def _approve_unsaid(self, checkpoint: Checkpoint) -> None:
        self._count += 1
        answer = decide(self.run, checkpoint, Word(f"decision_{self._count}", "APPROVED", "somebody"))
        if isinstance(answer, Rejection) or not answer.closed:
            why = answer.message if isinstance(answer, Rejection) else f"{answer.votes_missing} more must agree"
            short = sentence(f"Somebody's approval is not enough here: {why}")
            raise KitError(f"{short} Say who decides, with MockEvent.decided().")

    def _answer(self, step: DoneStep) -> None:
        free_text = isinstance(step.result, str) and not self.run.definition.output_schema_json
        self.run.reply(step.result if free_text else _json_text(step.result, "The result"), [])
        if self.run.ended is not None:
            return
        raise KitError(f"{step.text} is no answer that the agent's output schema allows: {self.run.unfit}")

    def _require_tool(self, name: str) -> None:
        known = [tool.name for tool in self.run.definition.tools]
        if name not in known:
            agent = self.run.definition.name
            raise KitError(f"The agent {agent} has no tool {name}; it has {', '.join(known) or 'none'}.")

    def _require_nothing_open(self, step: ToolCallStep) -> None:
        """A model is asked again when every call of its last reply has an outcome."""
        if self._calls or not self.run.open_calls:
            return
        call = self.run.open_calls[0]
        result = f"MockEvent.tool_result({json.dumps(call.tool.name)}, …)"
        waits = "waits for a person: put MockEvent.decided() before it"
        missing = waits if call.state == "gated" else f"has no result yet: put {result} before it"
        raise KitError(f"{step.text} is the model's next step, but its call of {call.tool.name} {missing}.")


def _json_text(value: object, field: str) -> str:
    try:
        return write_exact_json(value)
    except JsonWritingError as error:
        raise KitError(f"{field} cannot be written as JSON: {error}") from None
