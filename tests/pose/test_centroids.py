"""Crops about centres that a table tells."""

import numpy as np
import pytest

from datasets.pose.crops import crops_of
from datasets.store import load_dataset
from datasets.video.video import open_video

HEAD = "frame,x,y,animal,heading"


@pytest.fixture
def align(wormtwin, movie, tmp_path):
    """Align the movie by a table of these rows."""

    def call(*rows, size=16):
        table = tmp_path / "places.csv"
        table.write_text("\n".join(rows))
        out = ("--out", tmp_path / "crops.h5", "--size", size)
        return wormtwin("pose", "align", movie, "--centroids", table, *out), tmp_path / "crops.h5"

    return call


def test_crops_lie_about_the_centres(align, movie):
    rows = [f"{frame},{10.5 + frame},30.5,one,0" for frame in range(40)]
    rows += [f"{frame},{10 + frame},30,two,90" for frame in range(0, 40, 2)]
    (status, text, error), out = align(HEAD, *rows)
    assert status == 0, error
    assert "animal2: 20 crops, lost in 20" in text
    dataset, video = load_dataset(out), open_video(movie)[:]
    assert np.array_equal(dataset.trials[0].x[7], video[7][:, 23:39, 10:26])
    crops = crops_of(dataset)["animal2"]
    middle = crops.to_video(np.full((40, 1, 2), 7.5))[::2, 0]
    assert np.allclose(middle, [(10 + frame, 30) for frame in range(0, 40, 2)])
    ahead = crops.to_video(np.array([[[8.5, 7.5]]] * 40))[::2, 0] - middle
    assert np.allclose(ahead, [(0, 1)] * 20)  # 90 degrees: down the picture
    assert dataset.trials[1].valid().tolist() == [True, False] * 20
    assert np.asarray(dataset.trials[1].x)[1::2].max() == 0


def test_headings_and_animals_need_not_be_told(align):
    (status, text, _), out = align("frame,x,y", "3,20,30", "5,22,30")
    assert status == 0
    assert "animal1: 2 crops, lost in 38" in text
    assert "body_length" not in load_dataset(out).extra


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (("frame,x", "1,2"), "no column y"),
        (("frame,x,y", "40,2,3"), "names frame 40, the video has the frames 0 to 39"),
        (("frame,x,y", "1,2,3", "1,4,5"), "two centroids in a frame"),
        (("frame,x,y", "1,two,3"), "not a table of centroids"),
        (("frame,x,y", "1.5,2,3"), "names frame 1.5"),
        (("frame,x,y",), "has no row"),
        (("",), "not a table of centroids"),
    ],
)
def test_tables_that_cannot_be_used_are_reported(align, refused, rows, words):
    result, out = align(*rows)
    refused(result, words)
    assert not out.exists()
