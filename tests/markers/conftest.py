"""A generated video that several tests look at, and its tracks."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from datasets.dataset import PointTracks
from datasets.markers.clicks import Click, read_clicks
from datasets.markers.generator.motion import SampleSettings
from datasets.markers.generator.sample import Truth, write_sample
from datasets.markers.tracking import TrackSettings, track_marks
from datasets.video.video import open_video


@dataclass(frozen=True)
class Made:
    folder: Path
    settings: SampleSettings
    truth: Truth

    @property
    def video(self) -> Path:
        return self.folder / "video.mp4"

    @property
    def clicks(self) -> tuple[Click, ...]:
        return read_clicks(self.folder / "clicks.csv")


@pytest.fixture(scope="session")
def make(tmp_path_factory):
    """Write a generated video and its truth."""

    def made(**given) -> Made:
        settings = SampleSettings(**{"frames": 150, "width": 264, "height": 264, "length": 120.0, **given})
        folder = tmp_path_factory.mktemp("marks") / "sample"
        return Made(folder, settings, write_sample(settings, folder))

    return made


@pytest.fixture(scope="session")
def sample(make) -> Made:
    """Two and a half seconds with a bout of grooming, paws behind the head, spots on the ground and failing light."""
    return make(occlusion=0.6, seed=3)


@pytest.fixture(scope="session")
def tracks(sample, tmp_path_factory) -> PointTracks:
    """What the tracker makes of it."""
    out = tmp_path_factory.mktemp("tracks") / "t.h5"
    return track_marks(open_video(sample.video), sample.clicks, TrackSettings(), out)
