"""What a gated tool may bring so that whoever decides sees what its call would do."""

from __future__ import annotations

from dataclasses import dataclass

from agentspan.agents.tool_context import Cancellation, Logger


@dataclass(frozen=True)
class PreviewContext:
    """What a preview is told besides the arguments of the call.

    A preview looks at what a call would do and changes nothing: it returns a text, {"before", "after"}, or whatever
    else is to be shown, as JSON of at most 64 KiB. It may be called any number of times, by any worker that serves the
    tool. What it raises is shown as the reason why there is none.
    """

    run_id: str
    call_id: str
    cancelled: Cancellation
    logger: Logger
