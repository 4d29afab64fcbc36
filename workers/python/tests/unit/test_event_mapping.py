from agentspan.agents import CallOutcome, PreviewTakenEvent, ToolResultEvent
from agentspan.agents.event_mapping import _READERS, run_event_of
from agentspan.v1 import event_pb2


def test_has_a_reading_of_every_event_of_the_contract() -> None:
    kinds = [field.name for field in event_pb2.Event.DESCRIPTOR.oneofs_by_name["event"].fields]
    assert sorted(kinds) == sorted(_READERS)
    for kind in kinds:
        message = event_pb2.Event(run_id="run_1", sequence=7)
        getattr(message, kind).SetInParent()
        if kind == "waiting":
            message.waiting.approval.approval_id = "apr_1"
        event = run_event_of(message)
        assert event.type == kind
        assert (event.run_id, event.sequence, event.at) == ("run_1", 7, None)


def test_passes_over_what_a_newer_server_says() -> None:
    newer = event_pb2.Event(run_id="run_1", sequence=1).SerializeToString() + b"\xaa\x7d\x00"
    assert run_event_of(event_pb2.Event.FromString(newer)).type == "unknown"
    unnamed = event_pb2.Event(preview_taken=event_pb2.PreviewTaken(status=99))  # type: ignore[arg-type]
    taken = run_event_of(unnamed)
    assert isinstance(taken, PreviewTakenEvent)
    assert taken.status == "UNSPECIFIED"


def test_tells_what_became_of_a_call() -> None:
    def outcome(result: event_pb2.ToolResult) -> CallOutcome:
        event = run_event_of(event_pb2.Event(tool_result=result))
        assert isinstance(event, ToolResultEvent)
        return event.outcome

    assert outcome(event_pb2.ToolResult(result_json='{"a":1}')).value == {"a": 1}
    assert outcome(event_pb2.ToolResult(responded_json="3")).kind == "responded"
    assert outcome(event_pb2.ToolResult(error="no")).message == "no"
    assert outcome(event_pb2.ToolResult(rejected="too much")).kind == "rejected"
    assert outcome(event_pb2.ToolResult(cancelled="ended")).kind == "cancelled"
    kept = outcome(event_pb2.ToolResult(truncated=event_pb2.TruncatedResult(digest="d", size_bytes=9, head="h")))
    assert (kept.kind, kept.digest, kept.size_bytes, kept.head) == ("truncated", "d", 9, "h")
    assert outcome(event_pb2.ToolResult()).kind == "unknown"
