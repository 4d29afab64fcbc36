# When a run starts, store the execution_id
handle = start(agent, customer_message)
db.store_pending_approval(
    execution_id=handle.execution_id,
    context={"customer": customer_id, "action": "refund"},
)
# Notify your approval channel (Slack, email, internal tool)
notify_approver(handle.execution_id)
