"""Titles, items' descriptions, members and branches."""
