"""What tests of calcium recordings share."""

import numpy as np
import pytest


@pytest.fixture
def imaged():
    """What files of calcium recordings are made of: (traces, states, frame rate) of two worms of different lengths."""
    rng = np.random.default_rng(3)
    lengths = (60, 65)
    return [(rng.normal(size=(n, 3)), rng.integers(0, 8, n), 2.9 + 0.02 * (n - 60)) for n in lengths]


@pytest.fixture
def require_imaged(imaged):
    """Check that a dataset holds these worms under these names."""
    from datasets.calcium.state_rules import STATES

    def check(dataset, names: list[str]) -> None:
        assert dataset.x_names == ("AVAL", "RIML", "VB2")
        assert dataset.task == "classification"
        assert [trial.name for trial in dataset] == [trial.group for trial in dataset] == names
        for trial, (traces, states, fps) in zip(dataset, imaged, strict=True):
            assert np.allclose(trial.x, traces)
            assert [dataset.extra["classes"][code] for code in trial.y[:, 0]] == [STATES[state] for state in states]
            assert dataset.extra["fps"][trial.name] == pytest.approx(fps)

    return check
