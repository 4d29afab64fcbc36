"""The Python SDK's driver: its real worker with the tools of workers/CONFORMANCE.md.

It knows nothing of the behaviours that it is measured by.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agentspan.agents import (
    Agent,
    AgentRuntime,
    DidNotHappen,
    Happened,
    PreviewContext,
    ProbeAnswer,
    ProbeContext,
    TerminalError,
    Tool,
    ToolContext,
    ToolOptions,
    Unknown,
    tool,
)

_LOOK_S = 0.01
_MODEL = "script/conformance"


def setting(name: str) -> str:
    return os.environ[f"CONFORMANCE_{name}"]


def write(step: str, **line: Any) -> None:
    """One line, by one write: in append mode it is whole, whoever else writes."""
    said = {"step": step, "workerId": setting("WORKER_ID"), "pid": os.getpid(), "at": now(), **line}
    with Path(setting("LEDGER")).open("ab", buffering=0) as ledger:
        ledger.write(f"{json.dumps(said)}\n".encode())


def now() -> int:
    return time.time_ns() // 1_000_000


def act(name: str, arguments: dict[str, Any], about: ToolContext) -> Any:
    def note(step: str) -> None:
        write(
            step,
            tool=name,
            runId=about.run_id,
            callId=about.call_id,
            attempt=about.attempt,
            key=about.idempotency_key,
            args=json.dumps(arguments),
            deadline=0 if about.deadline is None else int(about.deadline.timestamp() * 1000),
            approvalId="" if about.proof is None else about.proof.approval_id,
            decisionId="" if about.proof is None else about.proof.decision_id,
        )

    note("begin")
    if "hold" in arguments and held(arguments["hold"], arguments.get("heed") is True, about, note):
        return {"cancelled": True}
    if "fail" in arguments:
        raise RuntimeError(arguments["fail"])
    if "final" in arguments:
        raise TerminalError(arguments["final"])
    note("end")
    if "returns" in arguments:
        return arguments["returns"]
    if "bytes" in arguments:
        return {"filler": "x" * arguments["bytes"]}
    return {"done": name, "attempt": about.attempt}


def held(gate: str, heed: bool, about: ToolContext, note: Callable[[str], None]) -> bool:
    """Whether it was cancelled and heeded that; else the gate is open."""
    told = False
    while not (Path(setting("GATES")) / gate).exists():
        if about.cancelled.is_set() and not told:
            told = True
            note("cancelled")
            if heed:
                return True
        time.sleep(_LOOK_S)
    return False


def look(name: str, arguments: dict[str, Any], about: ProbeContext) -> ProbeAnswer:
    key = about.idempotency_key
    text = json.dumps(arguments)
    write("probe", tool=name, runId=about.run_id, callId=about.call_id, attempt=about.attempt, key=key, args=text)
    detail = f"looked for {key}"
    match arguments.get("probe"):
        case "HAPPENED":
            return Happened({"found": key}, detail)
        case "DID_NOT_HAPPEN":
            return DidNotHappen(detail)
        case "UNKNOWN":
            return Unknown(detail)
    raise RuntimeError("the probe is blind")


def show(name: str, arguments: dict[str, Any], about: PreviewContext) -> Any:
    write("preview", tool=name, runId=about.run_id, callId=about.call_id, args=json.dumps(arguments))
    if "blind" in arguments:
        raise RuntimeError(arguments["blind"])
    return arguments["shows"]


def served(name: str, **options: Any) -> Tool[..., Any]:
    given: ToolOptions = {
        "name": name,
        "description": f"The tool {name}.",
        "input_schema": {"type": "object"},
        **options,  # type: ignore[typeddict-item]
    }

    def call(about: ToolContext, **arguments: Any) -> Any:
        return act(name, arguments, about)

    return tool(**given)(call)


def probe(about: ProbeContext, **arguments: Any) -> ProbeAnswer:
    return look("probed", arguments, about)


def preview(about: PreviewContext, **arguments: Any) -> Any:
    return show("previewed", arguments, about)


_TYPED = {
    "type": "object",
    "properties": {"order_id": {"type": "string"}, "amount": {"type": "number"}},
    "required": ["order_id", "amount"],
    "additionalProperties": False,
}

TOOLS = [
    served("plain"),
    served("typed", input_schema=_TYPED),
    served("once", once=True),
    served("gated", approval_required=True),
    served("probed", once=True, probe=probe, enforces_idempotency=True),
    served("previewed", approval_required=True, preview=preview),
]


def end_with_standard_input() -> None:
    # Not by sys.stdin, whose lock would be held when the interpreter ends.
    while os.read(0, 1024):
        pass
    os._exit(1)


def main() -> None:
    threading.Thread(target=end_with_standard_input, daemon=True).start()
    told = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: told.set())
    runtime = AgentRuntime(worker_id=setting("WORKER_ID"), concurrency=int(setting("CONCURRENCY")))
    agents = [Agent(name=name, model=_MODEL, tools=TOOLS) for name in setting("QUEUES").split(",")]
    runtime.serve(agents, blocking=False)
    write("ready")
    told.wait()
    write("stopping")
    runtime.shutdown(grace=int(setting("GRACE_MS")) / 1000)


if __name__ == "__main__":
    main()
