"""What the gateway does for somebody: commands to the owners, sessions, and moving the clock."""
