"""What circulation decides: pure functions from facts, state and rules to values."""
