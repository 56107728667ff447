"""Key points found in videos and crops."""

import numpy as np
import pytest

from datasets.pose.crops import Crops
from datasets.pose.formats.tracks_file import load_tracks
from datasets.pose.labelled import Labelled, keypoints_dataset
from datasets.video.cropping import oriented_matrices
from datasets.video.video import Video
from neuron_models.foundation.errors import InputError
from surrogates.backend import keras
from surrogates.pose.maps import MapError
from surrogates.pose.prediction import KeyPoints, keypoint_finder, shrunk
from surrogates.pose.tracking import footage_in, track_crops, track_video


@pytest.mark.parametrize("stop", [None, 300])
def test_predicting_a_video_in_two_parts_gives_the_same(tmp_path, stop, draw_fish, skeleton):
    images = draw_fish(8, 4)[0][np.arange(400) % 8]
    calls = []

    def find(some):
        calls.append(len(some))
        if stop is not None and sum(calls) > stop:
            raise KeyboardInterrupt
        means = some.mean(axis=(1, 2, 3))
        return KeyPoints(np.tile(means[:, None, None], (1, 4, 2)), np.ones((len(some), 4)))

    class Drawn:
        number, fps = len(images), 30.0

        def spread(self, number):
            return list(range(number))

        def read(self, index, grey):
            return images[index]

    video = Video("v.mp4", images.shape, 30.0, Drawn())
    out = tmp_path / "tracks.h5"
    if stop is not None:
        with pytest.raises(KeyboardInterrupt):
            track_video(find, video, skeleton, out, key="k")
        assert not out.exists()
        stop = None
    track_video(find, video, skeleton, out, key="k")
    tracks = load_tracks(out)
    assert tracks.frames.tolist() == list(range(400))
    assert np.allclose(tracks.xy[:, 0, 0, 0], images.mean(axis=(1, 2, 3)), atol=1e-3)


def test_images_that_are_a_multiple_are_shrunk_and_keypoints_come_back():
    image = keras.Input((16, 24, 1))
    model = keras.Model(image, keras.layers.Identity()(image))
    find = keypoint_finder(model, MapError(1), (16, 24), refine=False, batch=4)
    images = np.zeros((5, 1, 32, 48), np.uint8)
    images[:, 0, 10:12, 20:22] = 200
    assert find(images).points.tolist() == [[[20.5, 10.5]]] * 5
    assert shrunk(images, 2).max() == 200
    with pytest.raises(InputError, match="24 x 16 pixels, these have 30 x 20"):
        find(np.zeros((1, 1, 20, 30), np.uint8))
    with pytest.raises(InputError, match="are grey, these are in colour"):
        find(np.zeros((1, 3, 16, 24), np.uint8))


def test_two_animals_of_a_video_become_one_file(tmp_path, skeleton):
    def find(images):
        return KeyPoints(np.zeros((len(images), 4, 2)), np.full((len(images), 4), images.mean() / 255))

    matrices = oriented_matrices(np.array([[50.0, 60.0]] * 3), (8, 8))
    parts = []
    for name, animal, frames, shade in (("a", 0, (0, 1, 2), 51), ("b", 1, (1, 2, 5), 102)):
        crops = Crops("two.mp4", np.array(frames), np.full(3, animal), matrices)
        parts.append(Labelled(name, np.full((3, 1, 8, 8), shade, np.uint8), None, crops))
    footage = footage_in(keypoints_dataset("two", parts, skeleton, kind="crops", fps=20.0))
    assert [each.animals for each in footage] == [("animal 1", "animal 2")]
    tracks = load_tracks(track_crops(find, footage[0], skeleton, tmp_path / "t.h5", key="k"))
    assert tracks.frames.tolist() == [0, 1, 2, 5]
    assert tracks.scores is not None
    assert np.allclose(tracks.scores[:, :, 0], [[0.2, np.nan], [0.2, 0.4], [0.2, 0.4], [np.nan, 0.4]], equal_nan=True)
    assert np.allclose(tracks.xy[0, 0, 0], (46.5, 56.5))
