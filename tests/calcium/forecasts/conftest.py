"""Recordings whose forecasts are known."""

import numpy as np
import pytest

from datasets.dataset import Dataset, Trial


@pytest.fixture(scope="module", autouse=True)
def _compiled_quickly():
    """Compiling takes far longer than computing here."""
    jax = pytest.importorskip("jax")
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


NEURONS = ("AVAL", "RIML", "AVBL")
TURN = np.array([[0.96, 0.2, 0.0], [-0.2, 0.96, 0.05], [0.0, 0.0, 0.9]])
"""A damped turn: x(t+1) = x(t) TURN, but for what is added."""


@pytest.fixture(scope="session")
def recordings():
    """Noisy damped turns of three neurons, a worm a trial, with states that a forecast does not need."""

    def make(worms: int = 3, frames: int = 90, noise: float = 0.05, seed: int = 0) -> Dataset:
        rng = np.random.default_rng(seed)
        trials = []
        for worm in range(worms):
            x = np.zeros((frames + 5 * worm, 3))
            x[0] = rng.normal(size=3)
            for t in range(1, len(x)):
                x[t] = x[t - 1] @ TURN + noise * rng.normal(size=3)
            trials.append(Trial(f"worm{worm + 1}", x, np.zeros((len(x), 1), dtype=int), group=f"worm{worm + 1}"))
        extra = {"states": ["forward"], "classes": ["forward"], "fps": {t.name: 3.0 for t in trials}}
        return Dataset(
            "turns", tuple(trials), 330.0, NEURONS, ("state",), "dF/F", "class", "classification", extra=extra
        )

    return make
