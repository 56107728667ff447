"""What alignment is made of: the ground, axes of bodies, animals from frame to frame, heads over time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.pose.alignment.align import flagged_stretches
from datasets.pose.alignment.following import FOUND, LOST, TOUCHING, Rules, follow
from datasets.segmentation.axis import asymmetry, ellipse_axis, radon_axis
from datasets.segmentation.heading import resolve_heads
from datasets.segmentation.regions import Blob, opened
from datasets.video.background import find_background


def ellipse(angle, size=101, long=30.0, short=9.0):
    """The pixels of an ellipse about the middle of a square: x and y from the middle."""
    y, x = np.mgrid[:size, :size] - size // 2
    u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    inside = (u / long) ** 2 + (v / short) ** 2 <= 1
    return np.stack([x[inside], y[inside]], axis=-1).astype(float)


def apart(a, b):
    """The angle between two axes, in degrees."""
    return np.rad2deg(abs((a - b + np.pi / 2) % np.pi - np.pi / 2))


@pytest.mark.parametrize("size", [(40, 60), (3, 3), (2, 9)])
def test_a_mask_is_opened_as_another_library_does(size):
    from scipy.ndimage import binary_opening

    for share in (0.3, 0.7, 0.9):
        mask = np.random.default_rng(0).random(size) < share
        np.testing.assert_array_equal(opened(mask), binary_opening(mask))


@given(st.floats(0, 3.14), st.sampled_from([ellipse_axis, radon_axis]))
def test_the_axis_of_an_ellipse_is_found(angle, method):
    points = ellipse(angle)
    grid = {ellipse_axis: 1.0, radon_axis: 2.0}  # degrees: of the pixels, and of the directions that are tried
    assert apart(method(points, np.ones(len(points))), angle) < grid[method]


def test_the_radon_axis_is_that_of_another_librarys_transform():
    from skimage.transform import radon

    points = np.concatenate([ellipse(0.7, long=34), ellipse(0.7 + 1.2, long=20, short=3)])
    image = np.zeros((101, 101))
    np.add.at(image, tuple(points[:, ::-1].astype(int).T + 50), 1.0)
    angles = np.arange(0, 180, 2.0)
    best = angles[(radon(image, theta=angles, circle=False) ** 2).sum(axis=0).argmax()]
    expected = np.deg2rad(90 - best)  # theirs is the direction across the lines, with y up
    assert apart(radon_axis(points, np.ones(len(points))), expected) < 3


def test_ends_that_differ_change_sign_when_the_axis_is_turned():
    points = np.array([[x, y] for x in range(-20, 21) for y in range(-9, 10) if abs(y) <= 5 + x / 5], float)
    weight = np.exp(points[:, 0] / 30)
    one, other = asymmetry(points, weight, 0.0), asymmetry(points, weight, np.pi)
    assert one[0] == pytest.approx(other[0])
    assert one[1:] == pytest.approx([-value for value in other[1:]])
    assert one[1] < -0.05
    assert one[2] > 0.05


def test_the_ground_is_what_stays():
    rng = np.random.default_rng(0)
    ground = rng.uniform(100, 150, (40, 50))
    frames = np.repeat(ground[None, None], 30, axis=0)
    for k in range(30):
        frames[k, 0, 10:20, k : k + 10] = 20
    assert np.abs(find_background(frames.astype(np.uint16)).ground - ground.astype(int)).max() < 2


def test_dark_animals_that_seldom_move_are_no_ground():
    rng = np.random.default_rng(1)
    frames = 120 + 5 * rng.standard_normal((60, 1, 40, 50))
    frames[:42, 0, 10:20, 10:30] -= 60  # it lies still for 70 % of the time
    frames[42:, 0, 25:35, 15:35] -= 60
    video = np.round(frames).astype(np.uint8)
    assert find_background(video).ground[15, 20] < 70
    found = find_background(video, sign=-1.0)
    assert np.abs(found.ground - 120).max() < 10
    assert abs(found.ground.mean() - 120) < 1
    bright = find_background(255 - video, sign=1.0)
    assert np.abs(bright.ground - 135).max() < 10


def blob(x, y, area=100.0):
    return Blob(x, y, 0.3, area, 8.0, 0.1, 0.1)


def test_animals_keep_their_places_and_are_flagged_not_guessed():
    before = np.array([[10.0, 10.0], [50.0, 50.0]])
    rules = Rules(jump=20.0, area=100.0)
    rows = follow(before, [blob(52, 50), blob(12, 10)], rules)
    assert rows[:, :2].tolist() == [[FOUND, 12.0], [FOUND, 52.0]]
    rows = follow(before, [blob(12, 10)], rules)
    assert rows[:, 0].tolist() == [FOUND, LOST]
    assert np.isnan(rows[1, 1:]).all()
    near = np.array([[45.0, 50.0], [55.0, 50.0]])
    assert follow(near, [blob(50, 50, 200.0)], rules)[:, 0].tolist() == [TOUCHING, TOUCHING]
    assert follow(before, [blob(90, 90)], rules)[:, 0].tolist() == [LOST, LOST]


def test_heads_are_reported_by_movement_even_while_resting():
    rng = np.random.default_rng(0)
    heading = np.cumsum(0.05 * rng.standard_normal(400))
    pace = np.where((np.arange(400) // 50) % 2 == 0, 2.0, 0.0)
    pace[100:120] = -2.0  # it reverses
    centre = np.cumsum(pace[:, None] * np.stack([np.cos(heading), np.sin(heading)], axis=-1), axis=0)
    axis = heading % np.pi
    sign = np.where(np.cos(heading - axis) > 0, 1.0, -1.0)
    ends = sign[:, None] * 0.3 + 0.1 * rng.standard_normal((400, 2))
    found, doubtful = resolve_heads(centre[:, None], axis[:, None], np.full((400, 1), 20.0), ends[:, None])
    assert np.cos(found[:, 0] - heading).min() > 0.99
    assert not doubtful.any()


def test_a_head_that_nothing_tells_is_in_doubt():
    rng = np.random.default_rng(0)
    ends = 0.1 * rng.standard_normal((60, 1, 2))
    centre = 0.01 * rng.standard_normal((60, 1, 2))
    _, doubtful = resolve_heads(centre, np.full((60, 1), 0.4), np.full((60, 1), 20.0), ends)
    assert doubtful.all()


def test_stretches_are_reported_by_their_first_frame_and_the_one_after():
    assert flagged_stretches(np.array([0, 1, 1, 0, 2])) == {"lost": [[1, 3]], "touching": [[4, 5]]}
