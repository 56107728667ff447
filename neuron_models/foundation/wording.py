"""Words of messages."""


def counted(number: int, noun: str) -> str:
    """A number and a noun that agree.

    >>> counted(1, "simulation"), counted(2, "simulation")
    ('1 simulation', '2 simulations')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
