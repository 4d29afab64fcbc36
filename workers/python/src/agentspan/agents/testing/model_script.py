"""The model of a kit: it says what the test wrote down.

What it is asked beyond that is a fault, and so is what it was not asked for: a script says exactly what a run did.
A run is known by its conversation alone, as the server shows it: whose instructions and tools, and what the user said.
Turns that fail belong to the reply after them: they are the attempts at one turn.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from agentspan.agents.agent import Agent
from agentspan.agents.testing.kit_functions import FunctionsInProgress, call_here
from agentspan.agents.testing.kit_verdicts import Verdicts, is_verdict
from agentspan.agents.testing.model_told import ModelRequest, ToldModel, told_model
from agentspan.agents.testing.model_turn import (
    FailsTurn,
    ModelScript,
    ModelTurn,
    SaidTurn,
    TurnFunction,
    turn_text,
)


@dataclass(frozen=True)
class AskedTurn:
    """A request, and what was said to it."""

    agent_name: str
    told: ToldModel
    #: None where the script had nothing.
    said: SaidTurn | None


@dataclass
class _Conversation:
    """Where the model stands with the runs of one agent that were started with one input."""

    agent_name: str
    #: How often each turn was asked for.
    asked: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))


class ScriptedModel:
    """Asked from threads of a server, and looked at from the test's."""

    def __init__(self, script: ModelScript, functions: FunctionsInProgress, verdicts: Verdicts) -> None:
        self._script = script
        #: Of a plain list of turns: the agent that was asked for first.
        self._owner = ""
        self._functions = functions
        self._verdicts = verdicts
        self._lock = threading.Lock()
        self._agents: dict[str, Agent] = {}
        self._conversations: dict[tuple[str, str], _Conversation] = {}
        self._unexpected: list[str] = []
        self._asked: list[AskedTurn] = []

    @property
    def agent_names(self) -> list[str]:
        """The agents whose turns the script has, where it has them by agent."""
        return list(self._script) if isinstance(self._script, Mapping) else []

    def know(self, agents: Sequence[Agent]) -> None:
        """Whose runs it is asked for from now on."""
        with self._lock:
            self._agents.update({agent.name: agent for agent in agents})

    def knows(self, request: ModelRequest) -> bool:
        """Whether a request is one of an agent that it knows."""
        with self._lock:
            return self._agent_of(request) is not None

    def reply(self, request: ModelRequest) -> SaidTurn | None:
        """What is said to a request; None where the script has nothing, which is kept as a fault."""
        told = told_model(request)
        with self._lock:
            agent = self._agent_of(request)
            agent_name = "" if agent is None else agent.name
            turn = self._next(agent_name, told)
        said = turn if turn is None or isinstance(turn, SaidTurn) else self._called(turn, told, agent_name)
        with self._lock:
            self._asked.append(AskedTurn(agent_name, told, said))
        return said

    @property
    def asked(self) -> tuple[AskedTurn, ...]:
        """Every request, in the order in which they were answered."""
        with self._lock:
            return tuple(self._asked)

    @property
    def unexpected(self) -> list[str]:
        """What was asked and is in no script, a sentence each."""
        with self._lock:
            return list(self._unexpected)

    @property
    def unused(self) -> list[str]:
        """The turns that no run asked for, a sentence each."""
        with self._lock:
            had = list(self._conversations.values())
        if isinstance(self._script, Mapping):
            scripts = list(self._script.items())
        else:
            script = self._script
            scripts = [(name, script) for name in dict.fromkeys(one.agent_name for one in had)]
            if not scripts:
                return _unused_of(script, {})
        faults: list[str] = []
        for name, turns in scripts:
            own: list[Mapping[int, int]] = [one.asked for one in had if one.agent_name == name]
            for asked in own or [{}]:
                faults.extend(_unused_of(turns, asked))
        return faults

    def unused_by(self, agent_name: str, said: str) -> list[str]:
        """The turns that a run did not ask for: of the runs of this agent with this input, the one that asked most."""
        with self._lock:
            asked = dict(self._conversation(agent_name, said).asked)
        return _unused_of(self._turns_of(agent_name) or [], asked)

    def _called(self, turn: TurnFunction, told: ToldModel, agent_name: str) -> SaidTurn | None:
        name = f"The function of turn {told.turn}{_of_agent(agent_name)}"
        try:
            with self._functions.running("A turn of the model"):
                said: object = call_here(turn, told)
            if isinstance(said, SaidTurn):
                return said
            fault = f"{name} gave {said!r}: it gives a turn, such as says() or calls()."
        except BaseException as error:  # noqa: BLE001 - whatever an author's code raises is told to whoever waits
            if is_verdict(error):
                self._verdicts.add(error)
                return None
            fault = f"{name} raised: {error}"
        with self._lock:
            self._unexpected.append(fault)
        return None

    def _next(self, agent_name: str, told: ToldModel) -> ModelTurn | None:
        if not isinstance(self._script, Mapping):
            self._owner = self._owner or agent_name
            if agent_name not in ("", self._owner):
                self._unexpected.append(
                    f"The model was asked in a run of {agent_name}, and the script's turns are those of {self._owner}. "
                    f'Give the turns by agent: model={{"{self._owner}": [...], "{agent_name}": [...]}}.'
                )
                return None
        turns = self._turns_of(agent_name)
        if turns is None:
            known = ", ".join(self._script) if isinstance(self._script, Mapping) else ""
            whose = agent_name or "an agent that the kit does not know"
            fault = f"The model was asked in a run of {whose}, and the script has turns for {known} only."
            self._unexpected.append(fault)
            return None
        written = _attempts_of(turns)
        conversation = self._conversation(agent_name, told.input)
        before = conversation.asked[told.turn]
        conversation.asked[told.turn] += 1
        if told.turn <= len(written):
            attempts = written[told.turn - 1]
            return attempts[before % len(attempts)]
        self._unexpected.append(_unexpected_turn(agent_name, told, len(written)))
        return None

    def _conversation(self, agent_name: str, said: str) -> _Conversation:
        return self._conversations.setdefault((agent_name, said), _Conversation(agent_name))

    def _turns_of(self, agent_name: str) -> Sequence[ModelTurn] | None:
        return self._script.get(agent_name) if isinstance(self._script, Mapping) else self._script

    def _agent_of(self, request: ModelRequest) -> Agent | None:
        """The server tells a model no agent's name: only what it has to say and to call."""
        instructions = next((one.text for one in request.messages if one.role == "system"), "")
        names = sorted(request.tool_names)
        for agent in reversed(self._agents.values()):
            own = agent.definition.instructions
            if own in ("", instructions) and sorted(tool.name for tool in agent.tools) == names:
                return agent
        return None


def _attempts_of(turns: Sequence[ModelTurn]) -> list[list[ModelTurn]]:
    """Turns by their place in a run, each with its attempts: those that fail, and the reply."""
    groups: list[list[ModelTurn]] = [[]]
    for turn in turns:
        groups[-1].append(turn)
        if not isinstance(turn, FailsTurn):
            groups.append([])
    return [group for group in groups if group]


def _unused_of(turns: Sequence[ModelTurn], asked: Mapping[int, int]) -> list[str]:
    faults: list[str] = []
    for number, attempts in enumerate(_attempts_of(turns), 1):
        left = Counter(turn_text(turn) for turn in attempts[asked.get(number, 0) :])
        for text, count in left.items():
            times = "" if count == 1 else f" another {count} times"
            faults.append(f"The model was not asked for turn {number} of the script{times}: {text}.")
    return faults


def _unexpected_turn(agent_name: str, told: ToldModel, written: int) -> str:
    has = "has 1 turn" if written == 1 else f"has {written} turns"
    results = "; ".join(f"{one.tool_name}: {one.text}" for one in told.results)
    # The server's own words, where an answer of the model does not fit the agent's output schema.
    said = f"Its user said: {told.input}" if told.turn == 1 else f"It had been told: {told.messages[-1].text}"
    last = f"It had been told {results}" if told.results else said
    return f"The model was asked for turn {told.turn}{_of_agent(agent_name)}, and its script {has}. {last}"


def _of_agent(agent_name: str) -> str:
    return f" in a run of {agent_name}" if agent_name else ""
