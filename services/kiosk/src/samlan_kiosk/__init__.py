"""The edge at a branch: SIP2 towards devices, events towards the broker."""
