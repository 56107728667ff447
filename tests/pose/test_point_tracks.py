"""Points that other topics hand over: to every kind of file, and back."""

import numpy as np
import pytest

from datasets.dataset import PointTracks
from datasets.topics import read_point_tracks, write_point_tracks
from neuron_models.foundation.errors import InputError


def tracks() -> PointTracks:
    xy = np.random.default_rng(0).uniform(0, 200, (12, 1, 2, 2)).astype(np.float32).astype(float)
    xy[3:6, 0, 1] = np.nan
    xy[7, 0] = np.nan
    scores = np.where(np.isnan(xy[..., 0]), np.nan, 0.75)
    return PointTracks("film", ("left", "right"), ("mouse",), xy, 30.0, scores=scores, video="film.mp4")


@pytest.mark.parametrize("name", ["t.h5", "t.slp", "t.csv"])
def test_points_that_are_written_come_back(name, tmp_path):
    given = tracks()
    write_point_tracks(given, tmp_path / name)
    (found,) = read_point_tracks(tmp_path / name)
    assert found.points == given.points
    np.testing.assert_allclose(found.xy, given.xy[: len(found.xy)], atol=2e-3)
    assert len(found.xy) == len(given.xy)
    seen = ~np.isnan(found.xy[..., 0])
    np.testing.assert_allclose(found.scores[seen], 0.75, atol=1e-6)


def test_an_analysis_file_is_a_kind_of_its_own(tmp_path):
    write_point_tracks(tracks(), tmp_path / "t.h5", "analysis")
    (found,) = read_point_tracks(tmp_path / "t.h5")
    assert found.points == ("left", "right")


@pytest.mark.parametrize(("name", "to"), [("t.txt", ""), ("t.slp", "tracks"), ("t.csv", "slp"), ("t.h5", "mat")])
def test_a_kind_that_does_not_fit_the_name_is_refused(name, to, tmp_path):
    with pytest.raises(InputError):
        write_point_tracks(tracks(), tmp_path / name, to)
    assert not any(tmp_path.iterdir())
