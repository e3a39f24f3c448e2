"""What accounts stores: patrons with their personal data sealed, and attempts at log-in."""
