"""Items, loans, transits and device facts."""
