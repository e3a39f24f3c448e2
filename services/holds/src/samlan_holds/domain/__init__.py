"""What holds decides: pure functions from queues, facts and rules to values."""
