"""Patrons, cards, PINs, standing and blocks."""
