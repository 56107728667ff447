"""The generator of labelled images: exact key points, honest pictures, and its command line."""

import itertools

import numpy as np
import pytest

from datasets.pose.crops import crops_of
from datasets.pose.formats.tracks_file import load_tracks
from datasets.pose.generator.baselines import mean_pose, template_match
from datasets.pose.generator.body import Walk
from datasets.pose.generator.fly import draw_fly
from datasets.pose.generator.sample import ANIMALS, SampleSettings, make_sample
from datasets.pose.generator.video import ArenaSettings, make_video
from datasets.rendering.parts import Part, draw_parts
from datasets.store import load_dataset
from datasets.video.video import open_video
from neuron_models.foundation.errors import InputError


@pytest.fixture(scope="module", params=["fly", "worm"])
def sample(request):
    return make_sample(SampleSettings(animal=request.param, frames=24, animals=3))


@pytest.mark.parametrize(("length", "radius"), [(0.0, 6.3), (20.5, 4.2)])
def test_a_capsule_covers_its_area_about_its_middle(length, radius):
    ends = np.array([[[30.25, 31.5], [30.25 + length * 0.6, 31.5 + length * 0.8]]])
    _, through = draw_parts([Part(ends, np.full(2, radius), 0.5, soft=1.0)], 80)
    cover = 1 - through[0]
    assert cover.sum() == pytest.approx(np.pi * radius**2 + 2 * radius * length, rel=0.01)
    rows, columns = np.mgrid[:80, :80]
    middle = ends[0].mean(axis=0)
    found = (cover * columns).sum() / cover.sum(), (cover * rows).sum() / cover.sum()
    assert found == pytest.approx(tuple(middle), abs=0.02)


def test_what_lies_above_hides_what_lies_beneath():
    point = np.full((1, 2, 2), 10.0)
    light, through = draw_parts([Part(point, np.full(2, 5.0), 0.2), Part(point, np.full(2, 5.0), 0.9)], 21)
    assert light[0, 10, 10] == pytest.approx(0.9)
    assert through[0, 10, 10] == 0


def test_the_animals_keypoints_lie_on_the_animal(sample):
    contrast = []
    for trial in sample:
        for image, keypoints in zip(trial.x[:, 0].astype(float), np.asarray(trial.y), strict=True):
            x, y = np.clip(np.round(keypoints).astype(int), 0, 95).T
            contrast.append(np.median(image) - image[y, x].mean())
    assert np.min(contrast) > 0  # both animals are darker than their ground


def test_no_two_crops_are_alike_and_the_same_seed_gives_the_same(sample):
    again = make_sample(SampleSettings(**{**sample.extra["sample"], "camera": SampleSettings().camera}))
    for trial, other in zip(sample, again, strict=True):
        assert np.array_equal(trial.x, other.x)
        assert np.array_equal(trial.y, other.y)
        assert len(np.unique(np.asarray(trial.x).reshape(len(trial), -1), axis=0)) == len(trial)


def test_an_individual_does_not_depend_on_their_number(sample):
    settings = {**sample.extra["sample"], "camera": SampleSettings().camera, "frames": 8, "animals": 1}
    alone = make_sample(SampleSettings(**settings))
    assert np.array_equal(alone.trials[0].x, sample.trials[0].x)


def test_crops_are_aligned_within_the_settings_jitter(sample):
    for trial in sample:
        crops = crops_of(sample)[trial.name]
        turn = np.rad2deg(np.arctan2(crops.matrices[:, 1, 0], crops.matrices[:, 0, 0]))
        assert np.ptp(turn) > 1
        middle = np.asarray(trial.y).mean(axis=1) - 47.5
        assert np.abs(middle).max() < 25


@pytest.mark.parametrize("animal", list(ANIMALS))
def test_few_keypoints_are_found_without_learning(animal):
    sample = make_sample(SampleSettings(animal, frames=60, seed=3))
    images, keypoints = (np.concatenate(parts) for parts in zip(*((trial.x, trial.y) for trial in sample), strict=True))
    order = np.random.default_rng(0).permutation(60)
    known, new = order[:45], order[45:]
    length = np.mean(list(sample.extra["body_length"].values()))
    matched = template_match(images[known], keypoints[known], images[new])
    for guess in (mean_pose(keypoints[known], 15), matched):
        near = np.linalg.norm(guess - keypoints[new], axis=-1) <= 0.025 * length
        assert near.mean() < 0.4
    same = template_match(images[known[:1]], keypoints[known[:1]], images[known[:1]])
    assert np.abs(same[0] - keypoints[known[0]]).max() < 0.71  # where it was cut out, a template is found again


def test_knees_join_pieces_of_legs_that_keep_their_length():
    walk = Walk(400, 100.0, 67.0, (200.0, 200.0), 100.0)
    keypoints = draw_fly(walk, np.random.default_rng(2)).keypoints
    index = {name: keypoints[:, k] for k, name in enumerate(ANIMALS["fly"].skeleton.keypoints)}
    for leg in ("front_L", "middle_R", "hind_L"):
        shin = np.linalg.norm(index[leg] - index[leg.replace("_", "_knee_")], axis=-1)
        assert np.ptp(shin) < 0.02 * 67


def test_legs_stand_still_on_the_ground_while_they_carry():
    walk = Walk(300, 100.0, 67.0, (200.0, 200.0), 400.0)
    fly = draw_fly(walk, np.random.default_rng(1))
    walking = np.array([k for k in range(1, 300) if fly.doing[k] == fly.doing[k - 1] == "walk"])
    tips = fly.keypoints[:, [ANIMALS["fly"].skeleton.keypoints.index(name) for name in ("middle_L", "middle_R")]]
    steps = np.linalg.norm(np.diff(tips, axis=0), axis=-1)[walking - 1]
    body = np.linalg.norm(np.diff(fly.centre, axis=0), axis=-1)[walking - 1]
    assert np.median(steps) < 0.6 * np.median(body)  # most of the time a leg stands, and the body passes over it
    assert np.percentile(steps, 90) > np.median(body)  # then it swings faster than the body goes


def test_worms_keep_their_length():
    worm = ANIMALS["worm"].draw(Walk(100, 10.0, 70.0, (100.0, 100.0), 50.0), np.random.default_rng(0))
    pieces = np.linalg.norm(np.diff(worm.parts[1].points, axis=1), axis=-1)
    assert pieces.sum(axis=1) == pytest.approx(np.full(100, 70.0), rel=1e-9)


@pytest.mark.parametrize("animal", list(ANIMALS))
def test_a_video_gives_the_same_frames_however_it_is_cut(animal):
    video = make_video(ArenaSettings(animal, 20, 200, 160, animals=1))
    assert video.shape == (20, 1, 160, 200)
    assert video[3].shape == (1, 160, 200)
    assert np.array_equal(video[2:5][1], video[3])
    assert np.array_equal(video[[3, 9], 0, 5:7], np.stack([video[3], video[9]])[:, 0, 5:7])


def test_animals_of_a_video_stay_apart_and_inside():
    video = make_video(ArenaSettings("fly", 1500, animals=3))
    keypoints = np.stack([body.keypoints for body in video.bodies])
    gaps = [np.linalg.norm(a[:, :, None] - b[:, None], axis=-1).min() for a, b in itertools.pairwise(keypoints)]
    assert min(gaps) > 3
    assert keypoints.min() > 0
    assert (keypoints.max(axis=(0, 1, 2)) < (448, 384)).all()


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"animal": "mouse"}, "fly, worm"),
        ({"frames": 3}, "got 3"),
        ({"size": 8}, "got 8"),
        ({"animals": 0}, "got 0"),
        ({"seed": -1}, "got -1"),
    ],
)
def test_settings_that_cannot_be_are_reported(settings, text):
    with pytest.raises(InputError, match=text):
        SampleSettings(**settings)


def test_animals_that_do_not_fit_are_reported():
    with pytest.raises(InputError, match="5 animals of 67 px do not fit 200 x 200"):
        ArenaSettings(animals=5, width=200, height=200)


@pytest.mark.parametrize("name", ["clip.mp4", "clip"])
def test_the_command_writes_crops_a_video_and_its_truth(wormtwin, tmp_path, name):
    out, clip = tmp_path / "labels.h5", tmp_path / name
    options = ("--frames", 10, "--animals", 2, "--size", 64, "--picture", tmp_path / "sheet.png")
    film = ("--video", clip, "--video-frames", 6, "--video-animals", 1, "--video-size", "161x135")
    status, text, error = wormtwin("pose", "make-sample", "--out", out, "--animal", "worm", *options, *film)
    assert status == 0, error
    assert "10 labelled crops" in text
    dataset = load_dataset(out)
    assert dataset.task == "keypoints"
    assert [trial.x.shape for trial in dataset] == [(5, 1, 64, 64)] * 2
    video, made = open_video(clip), make_video(ArenaSettings("worm", 6, 161, 135, 1))
    assert len(video) == 6
    assert np.abs(video[:][:, :, :135, :161].astype(int) - made[:]).max() <= 2
    truth = load_tracks(tmp_path / "clip.tracks.h5")
    assert np.allclose(truth.xy[:, 0], made.bodies[0].keypoints, atol=1e-4)


@pytest.mark.parametrize(
    ("options", "text"),
    [(("--animal", "cat"), "cat"), (("--video-size", "big"), "big"), (("--size", "9999"), "--size")],
)
def test_the_command_tells_mistakes_in_a_line(wormtwin, tmp_path, options, text):
    status, _, error = wormtwin("pose", "make-sample", "--out", tmp_path / "a.h5", *options)
    assert status == 2
    assert len(error.strip().splitlines()) == 1
    assert text in error
