"""Errors that are a user's to mend: one line that says what, where and how."""


class KefuError(Exception):
    """A mistake in what the user gave; its text is all the user needs. The command line prints it and exits with 2."""
