"""Seeds of parts from the seed of the whole."""

import numpy as np


def seeds_of(seed: int, number: int) -> list[int]:
    """As many independent seeds as asked for, the same for the same seed."""
    return [int(each) for each in np.random.SeedSequence(seed).generate_state(number)]
