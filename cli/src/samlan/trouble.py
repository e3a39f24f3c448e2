"""What a person at the terminal is told in one line, without a traceback."""


class Trouble(Exception):
    """Something the person who called can mend; its text says what, and where."""
