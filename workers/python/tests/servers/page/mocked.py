from agentspan.agents.testing import mock_run, MockEvent, expect

result = mock_run(
    agent,
    "Refund order ORD-8821",
    events=[
        MockEvent.tool_call("get_order", {"order_id": "ORD-8821"}),
        MockEvent.tool_result("get_order", {"amount": 29.99}),
        MockEvent.tool_call("process_refund", {"order_id": "ORD-8821", "amount": 29.99}),
        MockEvent.waiting("Waiting for refund approval"),
        MockEvent.done("Refund of $29.99 for order ORD-8821 has been processed."),
    ]
)
expect(result).completed().used_tool("process_refund")
