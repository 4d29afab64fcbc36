"""What may be expected of the tools that a run used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from agentspan.agents.testing.call_words import tool_text
from agentspan.agents.testing.finding import Finding, times_text
from agentspan.agents.testing.hidden_frames import of_the_library
from agentspan.agents.testing.kit_error import KitError
from agentspan.agents.testing.matches import expected_text, is_within, matches, matches_partly
from agentspan.agents.testing.names import require_count, require_tool, require_tool_names, untold
from agentspan.agents.testing.tested_calls import TestedCall
from agentspan.agents.testing.tested_run import TestedRun

__tracebackhide__ = of_the_library


class AnyArguments:
    """Stands for arguments that are left out."""


ANY_ARGUMENTS: Final = AnyArguments()


def used_tool(run: TestedRun, name: str, args: Any) -> Finding:
    """Arguments that are left out stand for any; None stands for a mistake."""
    require_tool(run, name)
    if args is None:
        raise KitError(f"The arguments of {name} are expected to be None. Leave them out where any will do.")
    used = [call for call in _used(run) if call.tool_name == name]
    if isinstance(args, AnyArguments):
        unsure = None if used else untold(run, name)
        return Finding(bool(used), f"{name} to have been used", tool_text(run, name), unsure)
    holds = any(matches(args, call.args) for call in used)
    unsure = None if holds else untold(run, name) or _unlike(used, args)
    return Finding(holds, f"{name} to have been used with {expected_text(args)}", tool_text(run, name), unsure)


def used_times(run: TestedRun, name: str, count: int) -> Finding:
    require_tool(run, name)
    require_count(count, f"How often {name} was used")
    used = sum(call.tool_name == name for call in _used(run))
    unsure = untold(run, name)
    instead = f"It was used {times_text(used)}. {tool_text(run, name)}"
    holds = used == count and unsure is None
    return Finding(holds, f"{name} to have been used {times_text(count)}", instead, unsure)


def tool_failed(run: TestedRun, name: str) -> Finding:
    require_tool(run, name)
    outcomes = [call.outcome for call in _used(run) if call.tool_name == name and call.outcome is not None]
    holds = any(outcome.kind == "error" for outcome in outcomes)
    return Finding(holds, f"{name} to have failed", tool_text(run, name), untold(run, name))


def tool_call_order(run: TestedRun, names: Sequence[str]) -> Finding:
    require_tool_names(run, names)
    if not names:
        raise KitError("No tools are in order in any run: name some.")
    used = [call.tool_name for call in _used(run)]
    holds = is_within(names, used, lambda name, other: name == other)
    instead = f"They were used in the order {', '.join(used) or 'of none at all'}."
    return Finding(holds, f"tools to have been used in the order {', '.join(names)}", instead, _first(run, names))


def tools_used_exactly(run: TestedRun, names: Sequence[str]) -> Finding:
    require_tool_names(run, names)
    used, wanted = list(dict.fromkeys(call.tool_name for call in _used(run))), list(dict.fromkeys(names))
    missing = [name for name in wanted if name not in used]
    others = [name for name in used if name not in wanted]
    parts = [f"{', '.join(missing)} {_were(missing)} not used"] if missing else []
    parts += [f"{', '.join(others)} {_were(others)} used as well"] if others else []
    instead = f"{', and '.join(parts)}." if parts else "They were."
    expected = f"exactly these tools to have been used: {', '.join(names) or 'none'}"
    return Finding(not parts, expected, instead, _first(run, names))


def _used(run: TestedRun) -> list[TestedCall]:
    """In the order in which they were used."""
    return sorted((call for call in run.calls if call.used), key=lambda call: call.used_at or 0)


def _unlike(used: Sequence[TestedCall], args: Any) -> str | None:
    """Why it may have run with these arguments all the same."""
    if not any(matches_partly(args, call.args) for call in used):
        return None
    more = "It was used with these and more: arguments are compared whole"
    return f"{more}. Write down all of them, or a function of them."


def _first(run: TestedRun, names: Sequence[str]) -> str | None:
    return next((why for why in (untold(run, name) for name in names) if why is not None), None)


def _were(names: Sequence[str]) -> str:
    return "was" if len(names) == 1 else "were"
