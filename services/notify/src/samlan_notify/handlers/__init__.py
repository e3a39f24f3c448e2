"""What notify does: records what is owed, keeps its copies, sends, forgets."""
