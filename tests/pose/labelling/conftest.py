"""A labelling of a short film of generated squares, served without a port."""

import numpy as np
import pytest

from datasets.pose.labelling.session import open_labelling
from datasets.pose.skeleton import Skeleton
from surrogates.pose.labelling.server import make_app
from surrogates.pose.labelling.training import BackgroundTraining

ANT = Skeleton(("head", "legL", "legR"), (("head", "legL"), ("head", "legR")), (("legL", "legR"),))


@pytest.fixture
def begun(movie, tmp_path):
    """A labelling of the movie; given back at the end."""
    labelling = open_labelling(movie, tmp_path / "l", skeleton=ANT)
    yield labelling
    labelling.journal.close()


@pytest.fixture
def served(begun):
    """The labelling, its training and a client of its page."""
    training = BackgroundTraining(begun, epochs=1, filters=4)
    yield begun, training, make_app(begun, training, "secret").test_client()
    training.stop()


@pytest.fixture
def mark():
    """What makes the change of one key point: (frame, keypoint, x, y, ...)."""

    def make(frame, keypoint, x, y, state="visible", maker="person", film="flies", animal="animal"):
        place = [None, None] if state == "absent" else [float(x), float(y)]
        marks = {keypoint: [*place, state, maker]}
        return {"do": "mark", "film": film, "frame": frame, "animal": animal, "marks": marks}

    return make


@pytest.fixture
def whole(mark):
    """The changes that label a frame whole, with the head where the film's spot is."""

    def make(frame):
        at = 10 + frame
        places = {"head": (at, 30), "legL": (at, 24), "legR": (at, 36)}
        return [mark(frame, name, *place) for name, place in places.items()]

    return make


@pytest.fixture
def nan_equal():
    """Whether two arrays are equal, NaN where NaN is."""
    return lambda a, b: bool(np.allclose(a, b, equal_nan=True))
