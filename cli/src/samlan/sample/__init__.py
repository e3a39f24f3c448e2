"""The sample consortium: its files from a seed, and the returns to be played on it."""

from samlan.sample.generate import Scale, Summary, generate

__all__ = ["Scale", "Summary", "generate"]
