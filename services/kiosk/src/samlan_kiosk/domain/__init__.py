"""Device facts: what physically happened, said once."""
