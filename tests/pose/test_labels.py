"""Skeletons, places of crops and labelled images, in memory and in files."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.pose.crops import Crops, crops_from_json, crops_of
from datasets.pose.labelled import Labelled, keypoints_dataset, labelled_share, skeleton_of
from datasets.pose.skeleton import Skeleton, require_same_keypoints, skeleton_from_json
from datasets.store import load_dataset, save_dataset
from datasets.video.cropping import oriented_matrices
from neuron_models.foundation.errors import InputError

FLY = Skeleton(("head", "wingL", "wingR"), (("head", "wingL"), ("head", "wingR")), (("wingL", "wingR"),))
numbers = st.floats(-500, 500)


def labelled(name="a", number=4, size=(20, 30), **settings):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (number, 1, *size), dtype=np.uint8)
    keypoints = rng.uniform(0, 20, (number, 3, 2))
    keypoints[1] = np.nan
    keypoints[2, 0, 0] = np.nan
    crops = Crops("v.mp4", np.arange(number), np.zeros(number, int), oriented_matrices(keypoints[:, 1], size))
    return Labelled(name, images, keypoints, **{"crops": crops, **settings})


def test_a_skeleton_knows_its_edges_and_its_mirror_image():
    assert FLY.edge_places().tolist() == [[0, 1], [0, 2]]
    assert FLY.exchange().tolist() == [0, 2, 1]
    assert skeleton_from_json(FLY.to_json()) == FLY
    assert Skeleton(("one",)).edge_places().shape == (0, 2)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (((),), "at least one keypoint"),
        ((("a", "a"),), "more than once: a"),
        ((("a", ""),), "without a name"),
        ((("a",), (("a", "b"),)), "names 'b'"),
        ((("a",), (("a", "a"),)), "joins two key points"),
        ((("a", "b", "c"), (), (("a", "b"), ("b", "c"))), "more than once: b"),
    ],
)
def test_what_is_no_skeleton(arguments, words):
    with pytest.raises(InputError, match=words):
        Skeleton(*arguments)


def test_keypoints_of_another_skeleton_are_named():
    with pytest.raises(InputError, match=r"t\.h5: key points of another skeleton: without head and with nose"):
        require_same_keypoints(FLY, Skeleton(("nose", "wingL", "wingR")), "t.h5")
    with pytest.raises(InputError, match="another order"):
        require_same_keypoints(FLY, Skeleton(("wingL", "head", "wingR")), "t.h5")
    with pytest.raises(InputError, match="not a skeleton"):
        skeleton_from_json({"nodes": []})


@given(st.tuples(numbers, numbers), st.floats(-4, 4), st.floats(0.1, 8), st.tuples(numbers, numbers))
def test_points_return_from_crops_exactly(centre, angle, scale, point):
    matrices = oriented_matrices(np.array([centre]), (40, 61), angle, scale)
    crops = crops_from_json(Crops("v", np.zeros(1, int), np.zeros(1, int), matrices).to_json())
    assert np.array_equal(crops.matrices, matrices)
    points = np.array([[point, (30.0, 19.5)]])
    there = crops.to_video(points)
    assert np.allclose(crops.to_crop(there), points, atol=1e-9)
    assert np.allclose(there[0, 1], centre, atol=1e-9)  # the middle of the crop
    unit = crops.to_video(np.array([[(0.0, 0.0), (1.0, 0.0)]]))[0]
    assert np.allclose(unit[1] - unit[0], scale * np.array([np.cos(angle), np.sin(angle)]), atol=1e-9)


def test_labelled_images_in_a_file(tmp_path):
    made = keypoints_dataset("flies", [labelled(body_length=18.0)], FLY, kind="crops", fps=50)
    path = save_dataset(made, tmp_path / "flies.h5")
    for lazy in (False, True):
        read = load_dataset(path, lazy=lazy)
        assert skeleton_of(read) == FLY
        assert read.dt == 20
        assert read.trials[0].x.dtype == np.uint8
        assert np.array_equal(read.trials[0].x[1:3], made.trials[0].x[1:3])
        assert read.trials[0].valid().tolist() == [True, False, True, True]
        assert read.extra["body_length"] == {"a": 18.0}
        assert np.array_equal(crops_of(read)["a"].matrices[0], crops_of(made)["a"].matrices[0])
    assert np.isnan(made.trials[0].y[2, 0]).all()  # half a point is none
    assert np.allclose(labelled_share(made), [2 / 3, 1, 1])


def test_images_that_do_not_fit():
    with pytest.raises(InputError, match=r"several sizes .*1 x 20 x 30, 1 x 24 x 24"):
        keypoints_dataset("f", [labelled(), labelled("b", size=(24, 24))], FLY, kind="frames")
    with pytest.raises(InputError, match="3 key points are labelled and the skeleton has 1"):
        keypoints_dataset("f", [labelled()], Skeleton(("head",)), kind="frames")
    with pytest.raises(InputError, match="1 or 3 channels"):
        Labelled("a", np.zeros((4, 2, 8, 8), np.uint8), None)
    with pytest.raises(InputError, match="8 bits, got uint16"):
        Labelled("a", np.zeros((4, 1, 8, 8), np.uint16), None)
    with pytest.raises(InputError, match="no images"):
        keypoints_dataset("f", [], FLY, kind="frames")
