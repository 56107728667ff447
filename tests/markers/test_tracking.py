"""Marks against the exact truth of generated videos, and against every path there is."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from datasets.markers.clicks import ANIMAL, Click
from datasets.markers.colour import lab_of
from datasets.markers.files import read_places
from datasets.markers.fitting import bars_of, fit_marks, relit
from datasets.markers.kernels.paths import best_places
from datasets.markers.scoring import score_marks
from datasets.markers.tracking import Cage, TrackSettings, track_marks
from datasets.video.video import open_video
from neuron_models.foundation.errors import InputError
from neuron_models.foundation.movies import save_movie


def test_marks_are_found_between_pixels_and_hiding_is_told(sample, tracks):
    truth = read_places(sample.folder / "truth.csv")
    hidden = np.isnan(sample.truth.xy[..., 0]).sum()
    scores = score_marks(tracks, truth)
    assert {each.mark for each in scores} == {"left", "right"}
    assert hidden > 10
    for each in scores:
        assert each.rmse <= 0.75  # a paint of 7 px radius; larger ones in benchmarks/markers.py
        assert each.missed <= 2
        assert each.swapped == 0
        assert each.hidden == 0 or each.reported >= 0.9


def test_a_mark_is_never_at_zero(tracks):
    assert not (np.nan_to_num(tracks.xy, nan=1.0) == 0).all(axis=-1).any()


def test_body_and_snout_follow(sample, tracks):
    body, snout = (tracks.xy[:, 0, tracks.points.index(name)] for name in ("body", "snout"))
    away = np.hypot(*(snout - sample.truth.motion.snout).T)
    assert np.median(away) < 0.1 * sample.settings.length
    assert np.median(np.hypot(*(body - sample.truth.motion.middle).T)) < 0.2 * sample.settings.length


def test_a_stopped_search_goes_on_and_gives_the_same(sample, tracks, tmp_path, monkeypatch):
    import datasets.markers.tracking as module

    out = tmp_path / "t.h5"
    monkeypatch.setattr(module, "_BATCH", 40)
    video = open_video(sample.video)
    stopped = module.Finder.batch

    def stop_late(self, frames, start):
        if start >= 80:
            raise KeyboardInterrupt
        return stopped(self, frames, start)

    with monkeypatch.context() as patch:
        patch.setattr(module.Finder, "batch", stop_late)
        with pytest.raises(KeyboardInterrupt):
            track_marks(video, sample.clicks, TrackSettings(), out)
    assert len(list((tmp_path / "t.h5.partial").glob("*.npz"))) == 2

    def full(_):
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        track_marks(video, sample.clicks, TrackSettings(), out, full)
    with monkeypatch.context() as patch:
        patch.setattr(module.Finder, "batch", None)  # all was kept: nothing is looked for again
        again = track_marks(video, sample.clicks, TrackSettings(), out)
    np.testing.assert_array_equal(again.xy, tracks.xy)
    assert not (tmp_path / "t.h5.partial").exists()


def test_a_mirrored_video_with_bars_gives_mirrored_marks(sample, tracks, tmp_path):
    shown = open_video(sample.video).frames(range(sample.settings.frames))
    frames = [np.pad(each.transpose(1, 2, 0)[:, ::-1], ((0, 0), (60, 60), (0, 0))) for each in shown]
    save_movie(iter(frames), tmp_path / "m.mp4", 60.0, quality=10)
    wide = frames[0].shape[1]
    clicks = [replace(each, x=wide - 61 - each.x) for each in sample.clicks]
    found = track_marks(open_video(tmp_path / "m.mp4"), clicks, TrackSettings(), tmp_path / "t.h5")
    away = np.abs(wide - 61 - found.xy[:, 0, :2, 0] - tracks.xy[:, 0, :2, 0])
    assert np.nanmedian(away) < 0.5
    assert "60 px left, 60 px right" in " ".join(found.notes)


def test_a_cage_holds_one_animal(sample, tracks, tmp_path):
    cages = (Cage(0, 0, 264, 264),)
    found = track_marks(open_video(sample.video), sample.clicks, TrackSettings(cages), tmp_path / "t.h5")
    np.testing.assert_array_equal(found.xy, tracks.xy)
    with pytest.raises(InputError, match="outside of the picture"):
        track_marks(open_video(sample.video), sample.clicks, TrackSettings((Cage(0, 0, 300, 300),)), tmp_path / "u.h5")


def refused(video, clicks, tmp_path, said):
    with pytest.raises(InputError, match=said) as caught:
        track_marks(video, clicks, TrackSettings(), tmp_path / "x.h5")
    assert "\n" not in str(caught.value)
    assert not any(tmp_path.glob("x*"))


def test_clicks_that_cannot_be_used_are_refused(sample, tmp_path):
    video, clicks = open_video(sample.video), sample.clicks
    refused(video, [Click(9, ANIMAL, 5, 5)], tmp_path, "no mark was clicked on")
    refused(video, [*clicks, Click(150, "left", 5, 5)], tmp_path, "outside of .* 150 frames of 264 x 264")
    refused(video, [*clicks, *(replace(c, mark="third") for c in clicks if c.mark == "left")], tmp_path, "one colour")
    ground = [replace(c, mark="floor", x=4.0, y=260.0) for c in clicks if c.mark == "left"]
    refused(video, [*clicks, *ground], tmp_path, "the ground or the animal has|is that of the animal or the ground")
    refused(open_video(sample.video, grey=True), clicks, tmp_path, "is grey")


def test_labels_agree_with_another_program():
    from skimage.color import rgb2lab

    rgb = np.random.default_rng(0).integers(0, 256, (200, 3)).astype(np.uint8)
    np.testing.assert_allclose(lab_of(rgb), rgb2lab(rgb[None] / 255.0)[0], atol=0.05)


def test_half_the_light_moves_colours_as_told():
    """Linear light times g scales a*, b* and L* + 16 by its cube root, where no channel is dark (CIE 15)."""
    linear = np.random.default_rng(1).uniform(0.3, 1.0, (50, 3))

    def encoded(light):
        return 255 * (1.055 * light ** (1 / 2.4) - 0.055)

    expected = lab_of(encoded(0.5 * linear))
    np.testing.assert_allclose(relit(lab_of(encoded(linear)), 0.5 ** (1 / 3)), expected, atol=0.1)


def test_bars_are_told():
    frame = np.full((3, 40, 100), 90, np.uint8)
    frame[:, :, :20] = 0
    assert bars_of([frame]) == "20 px left"
    assert bars_of([np.zeros((3, 40, 40), np.uint8)]) == ""


def test_the_path_is_the_best_of_all():
    rng = np.random.default_rng(3)
    places, gains = rng.uniform(0, 40, (5, 2, 2, 2)), rng.normal(0, 2, (5, 2, 2))
    reach, rules = np.array([10.0, 12.0]), np.array([-2.0, -1.0, -5.0, 0.3])
    gains += 50  # never out of sight: then nothing is remembered and the recursion is exact
    found = best_places(places, gains, reach, rules, np.full((5, 2), -1))

    def worth(path):
        total = 0.0
        for t, row in enumerate(path):
            at = [places[t, m, k] for m, k in enumerate(row)]
            total += sum(gains[t, m, k] for m, k in enumerate(row))
            total += rules[2] * (np.hypot(*(at[0] - at[1])) < rules[3] * reach[1])
            for m, k in enumerate(path[t - 1] if t else ()):
                far = ((at[m] - places[t - 1, m, k]) ** 2).sum()
                total -= 2 * np.log1p(far / (0.5 * reach[m] ** 2)) + 30 * (far > (4.5 * reach[m]) ** 2)
        return total

    every = product(product(range(2), repeat=2), repeat=5)
    assert found.tolist() == [list(row) for row in max(every, key=worth)]


def test_a_short_view_of_something_far_is_not_followed():
    places, gains = np.zeros((20, 1, 2, 2)), np.full((20, 1, 2), -np.inf)
    places[:, 0, 0, 0] = np.arange(20)
    gains[:, 0, 0] = 1.0
    gains[8:12, 0, 0] = -np.inf  # behind something, while a thing of its colour is seen far away
    places[:, 0, 1] = 400.0
    gains[8:12, 0, 1] = 1.0
    path = best_places(places, gains, np.array([10.0]), np.array([-2.0, -1.0, -5.0, 0.3]), np.full((20, 1), -1))
    assert path[:, 0].tolist() == [0] * 8 + [-1] * 4 + [0] * 8


def test_the_model_knows_spots_of_the_ground(make):
    made = make(frames=60, distractors=3, seed=8)
    model = fit_marks(open_video(made.video), made.clicks)
    assert model.still.any()
    assert model.marks == ("left", "right")
