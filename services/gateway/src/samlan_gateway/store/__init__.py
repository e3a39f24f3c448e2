"""The gateway's own documents: answers given under a key, sessions that ended early; all gone in a day."""
