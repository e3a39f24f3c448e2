"""The command line: the whole consortium on one machine."""
