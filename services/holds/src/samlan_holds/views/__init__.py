"""What is only read: patrons' holds, staff lists, decisions, and the state that a check compares."""
