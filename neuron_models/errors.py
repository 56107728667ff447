"""The one error that a user's own input can cause."""


class InputError(ValueError):
    """Something that a user gave cannot be used.

    The message is one line: who complains, which rule is broken, the unit and the offending value. The command line
    prints it without a traceback and exits with status 2.
    """


def require(condition: bool, message: str) -> None:
    """Raise `InputError(message)` unless the condition holds."""
    if not condition:
        raise InputError(message)
