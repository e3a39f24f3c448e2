"""Queues of holds, allotment and the pickup shelf."""
