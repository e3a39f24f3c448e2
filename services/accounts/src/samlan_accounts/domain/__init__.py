"""What accounts decides, without clock, keys or input and output."""
