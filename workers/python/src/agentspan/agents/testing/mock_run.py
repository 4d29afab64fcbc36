"""Makes up a run, and refuses what no server would bring about."""

from __future__ import annotations

from collections.abc import Sequence

from agentspan.agents.agent import Agent
from agentspan.agents.json_text import read_json_object
from agentspan.agents.testing.hidden_frames import of_the_library
from agentspan.agents.testing.kit_error import KitError
from agentspan.agents.testing.kit_event import KitEvent
from agentspan.agents.testing.known_tools import known_tools
from agentspan.agents.testing.mock_event import KitOnlyStep, MockEvent
from agentspan.agents.testing.mock_play import MockPlay, StepError
from agentspan.agents.testing.seen_runs import see
from agentspan.agents.testing.tested_run import TestedEvent, TestedRun

__tracebackhide__ = of_the_library


def mock_run(agent: Agent, input: str, *, events: Sequence[MockEvent]) -> TestedRun:
    """What a run of the agent would be that goes so.

    Its tools are not called, no model is asked, and nobody waits: what the model would call, what tools would give and
    what people would decide is written down. What follows is what the server's own state machine makes of it, so a call
    that needs approval has no result before it was decided here either. Raises KitError, with the step, where no run
    can go so.

        result = mock_run(
            agent,
            "Refund order ORD-8821",
            events=[
                MockEvent.tool_call("process_refund", {"order_id": "ORD-8821", "amount": 29.99}),
                MockEvent.waiting("Waiting for refund approval"),
                MockEvent.done("Refund of $29.99 for order ORD-8821 has been processed."),
            ],
        )
        expect(result).completed().used_tool("process_refund")
    """
    if not isinstance(agent, Agent):
        raise KitError("mock_run() takes an Agent first.")
    if not isinstance(input, str):
        raise KitError("mock_run() takes the run's input, a text, second.")
    if not all(isinstance(event, MockEvent) for event in events):
        raise KitError("mock_run() takes a list of what the functions of MockEvent give as events.")
    play = MockPlay(agent.definition, input)
    # What the kit alone knows, by the number of the server's event that it comes after.
    kit_only: list[tuple[int, KitEvent]] = []
    for index in range(len(events) + 1):
        try:
            if index == len(events):
                play.settle_turn()
                continue
            step = events[index]
            if isinstance(step, KitOnlyStep):
                kit_only.append((len(play.run.messages), step.event))
            else:
                play.take(step, index)
        except StepError as error:
            raise _pointed_at(str(error), events, error.at) from None
        except KitError as error:
            raise _pointed_at(str(error), events, index) from None
    return see(_result_of(play, agent, input, kit_only))


def _result_of(play: MockPlay, agent: Agent, input: str, kit_only: Sequence[tuple[int, KitEvent]]) -> TestedRun:
    run = play.run
    own = run.events()
    events: list[TestedEvent] = []
    for event in own:
        events.append(event)
        events.extend(told for after, told in kit_only if after == event.sequence)
    last = run.messages[-1]
    state = run.state
    return TestedRun(
        run_id=run.run_id,
        agent_name=agent.name,
        input=input,
        state=state,
        is_waiting=state == "WAITING",
        output=read_json_object(last.done.output_json) if last.HasField("done") else {},
        error=run.error,
        usage=run.usage,
        events=tuple(events),
        tools=known_tools(agent),
    )


def _pointed_at(message: str, events: Sequence[MockEvent], at: int) -> KitError:
    """The sentence, and the script with a sign at the step that no run can take."""
    lines = [f"{'  > ' if index == at else '    '}{event.text}" for index, event in enumerate(events)]
    return KitError("\n".join([message, "", "The events were:", *lines]))
