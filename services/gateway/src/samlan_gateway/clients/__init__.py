"""The outside world of the gateway: the owners of every fact, and the broker's queues."""
