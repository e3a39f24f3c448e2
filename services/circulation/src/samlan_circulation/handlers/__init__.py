"""What circulation does: each handler loads, decides, saves with what is to be told, and answers."""
