"""A generated recording that several tests look at."""

import pytest

from datasets.calls.generator.sample import SampleSettings, make_sample
from datasets.calls.generator.writing import write_sample
from datasets.calls.recording import open_recording


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """Make a generated recording on the disk: gives (sample, recording)."""

    def make(name="r.wav", **settings):
        sample = make_sample(SampleSettings(**settings))
        path = tmp_path_factory.mktemp("calls") / name
        write_sample(sample, path)
        return sample, open_recording(path)

    return make


@pytest.fixture(scope="session")
def ten_seconds(made):
    """Ten seconds at 10 dB."""
    return made(seconds=10.0, seed=3)
