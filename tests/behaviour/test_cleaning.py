"""Tracks made ready: what each step does to tracks whose answer is known."""

import numpy as np
import pytest

from datasets.behaviour.cleaning import Cleaning, cleaned, frames_at, smoothed
from datasets.behaviour.labels import Bout, Labels
from datasets.dataset import PointTracks
from neuron_models.foundation.bad_parts import left_out_parts
from neuron_models.foundation.errors import InputError


def line(frames=50, fps=50.0, scores=None) -> PointTracks:
    """Two points 40 px apart that go along a straight line."""
    xy = np.zeros((frames, 1, 2, 2))
    xy[..., 0] = 3.0 * np.arange(frames)[:, None, None] + np.array([40.0, 0.0])
    return PointTracks("line", ("nose", "tail"), ("a",), xy, fps, scores=scores)


def test_doubtful_points_are_left_out_bridged_and_told():
    scores = np.ones((50, 1, 2))
    scores[10:12, 0, 1], scores[30:40, 0, 1] = 0.2, 0.2
    with left_out_parts() as notes:
        ready = cleaned(line(scores=scores), Cleaning(likelihood=0.5, bridge=0.1))
    assert notes == ["line: 12 % of the points, of a likelihood below 0.5"]
    np.testing.assert_allclose(ready.xy[10:12], line().xy[10:12])
    assert np.isnan(ready.xy[30:40, 0, 1]).all()
    with pytest.raises(InputError, match="does not say how sure it is"):
        cleaned(line(), Cleaning(likelihood=0.5))


def test_another_rate_keeps_the_line_and_the_labels():
    ready = cleaned(line(), Cleaning(rate=30.0))
    times = np.arange(30) / 30
    np.testing.assert_allclose(ready.xy[:, 0, 1, 0], 150 * times)
    assert ready.fps == 30.0
    labels = Labels((Bout("walk", 10, 25),), "l", whole=True, frames=50).at(frames_at(50, 50.0, 30.0), 50)
    assert labels.bouts == (Bout("walk", 6, 15),)
    assert labels.frames == 30


def test_lengths_of_the_body():
    ready = cleaned(line(), Cleaning(body_lengths=True))
    assert ready.units == "body"
    np.testing.assert_allclose(np.linalg.norm(ready.xy[:, 0, 0] - ready.xy[:, 0, 1], axis=1), 1.0)


def test_smoothing_keeps_gaps_and_levels():
    column = np.full(40, 2.0)
    column[10:15] = np.nan
    np.testing.assert_allclose(smoothed(column, 3.0), column)
