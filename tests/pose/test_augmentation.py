"""Images and key points that change together."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import affine_transform

from datasets.pose.skeleton import Skeleton
from surrogates.pose.augmentation import UNCHANGED, Augmentation, augment, draw_matrices, inverse, mirrored, moved, warp
from surrogates.pose.bending import displacement, draw_bends
from surrogates.pose.inputs import channels_last, labels_of

SIZE = (40, 48)


def test_images_and_keypoints_turn_together(draw_fish):
    images, keypoints = draw_fish(6, 1, (48, 64))
    x = channels_last(images, (48, 64))
    rng = np.random.default_rng(2)
    flips = np.array([True, False] * 3)
    matrices = draw_matrices(Augmentation(rotation=180.0), flips, (48, 64), rng)
    turned = warp(x, inverse(matrices))
    for image, matrix, result in zip(x[..., 0], matrices, turned[..., 0], strict=True):
        back = np.linalg.inv(matrix[:, :2])[::-1, ::-1]  # scipy counts rows first
        offset = -back @ matrix[::-1, 2]
        wanted = affine_transform(image.astype(float), back, offset, order=1, mode="nearest")
        assert np.allclose(result, wanted, atol=0.05)
    labels = moved(labels_of(keypoints), matrices, (48, 64))
    for before, after, matrix in zip(keypoints, labels, matrices, strict=True):
        inside = after[:, 2] > 0
        assert np.allclose(after[inside, :2], (before @ matrix[:, :2].T + matrix[:, 2])[inside], atol=1e-4)
    assert inside.any()


@pytest.mark.parametrize("size", [(21, 40), (40, 21)])
def test_images_turn_about_their_middle_also_when_they_are_not_square(size):
    settings = replace(UNCHANGED, rotation=90.0)
    matrices = draw_matrices(settings, np.zeros(5, bool), size, np.random.default_rng(0))
    middle = np.array([(size[1] - 1) / 2, (size[0] - 1) / 2])
    assert np.allclose(matrices[:, :, :2] @ middle + matrices[:, :, 2], middle)
    upside_down = draw_matrices(UNCHANGED, np.ones(1, bool), size, np.random.default_rng(0))
    images = np.random.default_rng(1).integers(0, 255, (1, *size, 3)).astype(np.uint8)
    assert np.allclose(warp(images, inverse(upside_down)), images[:, ::-1], atol=1e-3)


def test_left_and_right_keypoints_are_exchanged_in_a_mirror(fish, draw_fish, skeleton):
    assert mirrored(skeleton)
    change = augment(fish, replace(UNCHANGED, mirror=True))
    images, keypoints = draw_fish(30, 5)
    x, y, _ = change(channels_last(images, SIZE), labels_of(keypoints), None, np.random.default_rng(0))
    same = np.isclose(y[:, :, 1], keypoints[:, :, 1]).all(axis=1)
    assert 5 < same.sum() < 25
    flipped = keypoints[~same][:, [0, 1, 3, 2]] * np.array([1, -1]) + np.array([0, SIZE[0] - 1])
    assert np.allclose(y[~same][..., :2], flipped, atol=1e-4)
    assert np.allclose(x[~same][..., 0], images[~same, 0, ::-1], atol=1e-3)


@pytest.mark.parametrize(
    ("keypoints", "pairs", "may"),
    [
        (("head", "tail"), (), True),
        (("snout", "leftear", "rightear"), (), False),
        (("legL", "legR"), (), False),
        (("leg_L1", "leg_R1"), (("leg_L1", "leg_R1"),), True),
        (("floor", "collar", "midlegR4"), (), False),
        (("floor", "collar", "earlobe"), (), True),
    ],
)
def test_sides_that_nobody_paired_forbid_mirrors(keypoints, pairs, may):
    assert mirrored(Skeleton(keypoints, (), pairs)) is may


def test_a_keypoint_that_leaves_the_image_is_not_learned():
    labels = labels_of(np.array([[[1.0, 5.0], [30.0, 5.0], [np.nan, 2.0]]]))
    shift = np.array([[[1.0, 0, -4], [0, 1, 0]]])
    assert moved(labels, shift, (20, 40))[0].tolist() == [[0, 0, 0], [26, 5, 1], [0, 0, 0]]


@pytest.mark.parametrize("size", [(48, 64), (64, 48)])
def test_spots_are_where_bends_move_their_labels(size):
    rng = np.random.default_rng(4)
    spots = rng.uniform(0.3, 0.7, (12, 1, 2)) * size[::-1]
    down, across = np.mgrid[: size[0], : size[1]]
    away = (across - spots[..., :1]) ** 2 + (down - spots[..., 1:]) ** 2
    images = (200 * np.exp(-away / 2))[..., None]
    still, waves = np.tile(np.eye(2, 3), (12, 1, 1)), draw_bends(12, size, 0.03, rng)
    bent = warp(images, still, waves)[..., 0]
    seen = np.stack([(bent * axis).sum(axis=(1, 2)) / bent.sum(axis=(1, 2)) for axis in (across, down)], -1)
    text = moved(labels_of(spots), still, size, waves)[:, 0, :2]
    assert np.abs(text - spots[:, 0]).max() > 2
    assert np.allclose(text, seen, atol=0.25)


def test_bends_are_as_large_as_was_asked_and_shift_nothing():
    aside = displacement(draw_bends(400, (40, 60), 0.05, np.random.default_rng(0)), (40, 60))
    assert np.sqrt((aside**2).mean()) == pytest.approx(0.05 * np.sqrt(40 * 60), rel=0.05)
    assert np.abs(aside.mean(axis=(2, 3))).max() < 1e-4
