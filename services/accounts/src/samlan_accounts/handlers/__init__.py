"""What changes in accounts, and how: each handler loads, decides, stores with what is told, answers."""
