"""Whether something holds of a run, and the words for it."""

from __future__ import annotations

from dataclasses import dataclass

from agentspan.agents.testing.tested_run import TestedRun


@dataclass(frozen=True)
class Finding:
    """Whether something holds of a run, in words for both cases."""

    holds: bool
    #: After "Expected": "the run to have completed".
    expected: str
    #: A sentence: "It is WAITING."
    instead: str
    #: Where it does not hold: why the opposite is not certain either. Then that does not hold as well.
    unsure: str | None = None


def sentence(text: str) -> str:
    """Ends as a sentence does, once."""
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def times_text(count: int) -> str:
    """ "once", or "3 times"."""
    return "once" if count == 1 else f"{count} times"


def state_text(run: TestedRun) -> str:
    """Where the run stands."""
    return sentence(f"It is {run.state}{'' if run.error is None else f': {run.error.reason}: {run.error.message}'}")
