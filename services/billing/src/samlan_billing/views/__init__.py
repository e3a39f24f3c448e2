"""What billing answers without changing anything."""
