"""Recordings of waves and of generated worms, and a network that learned them."""

import numpy as np
import pytest

from datasets.posture.recording import AmplitudeRecording, amplitudes_dataset
from datasets.store import load_dataset, save_dataset
from surrogates.registry import train_model
from surrogates.training.configuration import TrainingConfig


def crawl(frames: int, seed: int) -> np.ndarray:
    """Two amplitudes of a travelling wave whose pace changes, and its turns."""
    rng = np.random.default_rng(seed)
    pace = 0.5 + 0.2 * np.sin(np.arange(frames) / 40 + seed)
    phase = np.cumsum(pace) + rng.uniform(0, 6)
    x = np.stack([np.sin(phase), np.cos(phase), 0.1 * np.sin(2 * phase)], axis=1)
    return x + 0.02 * rng.standard_normal(x.shape)


@pytest.fixture(scope="session")
def waves():
    """Three recordings of 400 frames, the first with a gap."""
    found = []
    for index in range(3):
        x = crawl(400, index)
        if index == 0:
            x[100:103] = np.nan
        found.append(AmplitudeRecording(f"w{index}", x[:, :2], 10.0, turn=x[:, 2], strain="AB"[index % 2]))
    return amplitudes_dataset(found, "waves")


@pytest.fixture(scope="session")
def crawlers(tmp_path_factory):
    """Two strains of generated worms, as amplitudes in a file."""
    from datasets.posture.eigenworm_fit import fit_eigenworms
    from datasets.posture.eigenworms import amplitudes_of, pooled_angles
    from datasets.posture.generator.sample import SampleSettings, make_sample

    sample = make_sample(SampleSettings(strains=("N2", "trp-4"), worms=2, duration=60.0))
    path = tmp_path_factory.mktemp("crawlers") / "amplitudes.h5"
    save_dataset(amplitudes_of(sample, fit_eigenworms(pooled_angles(sample), method="pca")), path)
    return path


@pytest.fixture(scope="session")
def worms(crawlers):
    return load_dataset(crawlers)


@pytest.fixture(scope="session")
def trained(worms):
    config = TrainingConfig(epochs=15, learning_rate=0.004, batch_size=8, seed=3)
    return train_model("posture_lstm", worms, config, {"units": 8}, progress=False)
