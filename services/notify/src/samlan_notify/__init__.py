"""Messages to patrons and the record of each."""
