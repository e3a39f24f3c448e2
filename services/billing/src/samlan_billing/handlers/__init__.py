"""What changes billing's documents: each handler loads, decides, saves with what is told, and answers."""
