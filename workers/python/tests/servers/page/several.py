@tool(approval_required=True)
def send_email_blast(template_id: str, recipient_count: int) -> dict:
    """Send a marketing email to all subscribers. Requires approval."""
    return email_service.send(template_id, recipient_count)

@tool(approval_required=True)
def delete_account(customer_id: str, reason: str) -> dict:
    """Permanently delete a customer account. Requires approval."""
    return accounts_db.delete(customer_id)
