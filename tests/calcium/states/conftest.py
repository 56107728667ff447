"""Worms whose states show in their traces."""

import numpy as np
import pytest

from datasets.calcium.state_rules import STATES
from datasets.calcium.states import apply_rule
from datasets.dataset import Dataset, Trial

NEURONS = ("AVAL", "AVBL", "RIML", "VB2")


@pytest.fixture(scope="session")
def recordings():
    """Worms that go on, turn and reverse by turns; AVAL and RIML are high in reverse, AVBL forward, VB2 is noise."""

    def make(worms=3, frames=600, seed=0):
        rng, trials = np.random.default_rng(seed), []
        for worm in range(worms):
            spans = rng.integers(12, 25, 60)
            cycle = [STATES.index(s) for s in ("forward", "slowing", "reverse_1", "sustained_reverse", "ventral_turn")]
            y = np.concatenate([np.full(span, cycle[i % 5]) for i, span in enumerate(spans)])[:frames]
            back, ahead = np.isin(y, cycle[2:4]), np.isin(y, cycle[:2])
            drive = np.stack([back, ahead, back, np.zeros(frames)], axis=1) * rng.uniform(0.5, 2, 4)
            x = np.apply_along_axis(lambda c: np.convolve(c, np.ones(3) / 3, "same"), 0, drive)
            trials.append(
                Trial(f"worm{worm + 1}", x + 0.1 * rng.normal(size=x.shape), y[:, None], group=f"worm{worm + 1}")
            )
        extra = {"states": list(STATES), "classes": list(STATES)}
        about = {"x_names": NEURONS, "y_names": ("state",), "x_units": "dF/F", "y_units": "class", "extra": extra}
        return Dataset("worms", tuple(trials), 330.0, task="classification", **about)

    return make


@pytest.fixture(scope="session")
def worms(recordings):
    return recordings()


@pytest.fixture(scope="session")
def two(worms):
    return apply_rule(worms, "two")
