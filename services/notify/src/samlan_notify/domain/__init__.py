"""What a notice is, to whom it goes, with which company, and what it says."""
