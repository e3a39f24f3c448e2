"""What changes something here: load, decide, store with what is to be told, answer."""
