"""A worm whose midlines are known, and the reading of its files."""

import numpy as np
import pytest

from datasets.posture.formats.raw import Reading
from datasets.posture.midlines import angles_of, midlines_of
from datasets.posture.recordings import load_recordings


@pytest.fixture(scope="session")
def midlines():
    """A worm of 1 mm that crawls along x, in mm."""

    def make(frames=90, points=49, seed=0):
        rng = np.random.default_rng(seed)
        time = np.arange(frames)[:, None] / 30
        angles = np.pi + 0.7 * np.cos(
            rng.uniform(0, 6) + 2 * np.pi * (0.4 * time + 1.3 * np.linspace(0, 1, points - 1))
        )
        return midlines_of(angles, centroid=np.stack([0.2 * time[:, 0] + seed, time[:, 0] * 0 + 2], axis=1))

    return make


@pytest.fixture(scope="session")
def load():
    """Read files of postures, with settings of `Reading` and of `load_recordings`."""

    def make(*paths, **settings):
        reading = Reading(**{key: settings.pop(key) for key in ("fps", "unit", "strain") if key in settings})
        return load_recordings(list(paths), reading, **{"shortest": 0.0, "fps": 30.0, **settings})

    return make


@pytest.fixture(scope="session")
def require_same():
    """Shape, heading, place and length are those of midlines in mm."""

    def make(recording, points, atol=1e-6):
        angles, mean = angles_of(points, recording.angles.shape[1])
        assert np.allclose(recording.angles, angles, atol=atol, equal_nan=True)
        here = np.isfinite(mean)
        assert np.array_equal(np.isfinite(recording.mean_angle), here)
        assert np.allclose(np.cos(recording.mean_angle - mean)[here], 1, atol=1e-6)
        assert np.allclose(recording.centroid[here], points[here].mean(axis=1), atol=2e-3)
        assert recording.length == pytest.approx(1.0, abs=0.02)

    return make
