"""Drawn fish that the tests of networks that find key points share, and a network that has learned them."""

import numpy as np
import pytest

from datasets.dataset import Dataset
from datasets.pose.labelled import Labelled, keypoints_dataset
from datasets.pose.skeleton import Skeleton
from datasets.store import save_dataset

SIZE = (40, 48)
FISH = Skeleton(("nose", "tail", "finL", "finR"), (("nose", "tail"),), (("finL", "finR"),))


def drawn_fish(number: int, seed: int, size: tuple[int, int] = SIZE) -> tuple[np.ndarray, np.ndarray]:
    """Grey images of ellipses, brighter in front, and the ends of their axes."""
    rng = np.random.default_rng(seed)
    down, across = np.mgrid[: size[0], : size[1]]
    images, keypoints = np.empty((number, 1, *size), np.uint8), np.empty((number, 4, 2))
    long, short = 0.34 * min(size), 0.14 * min(size)
    for k in range(number):
        angle, centre = rng.uniform(-0.4, 0.4), (np.array(size[::-1]) - 1) / 2 + rng.uniform(-3, 3, 2)
        ahead = np.array([np.cos(angle), np.sin(angle)])
        aside = np.array([-ahead[1], ahead[0]])
        u, v = ((across - centre[0]) * axis[0] + (down - centre[1]) * axis[1] for axis in (ahead, aside))
        body = 1 / (1 + np.exp(8 * ((u / long) ** 2 + (v / short) ** 2 - 1)))
        images[k, 0] = np.clip(40 + body * (90 + 60 * u / long) + 6 * rng.standard_normal(size), 0, 255)
        keypoints[k] = [centre + long * ahead, centre - long * ahead, centre - short * aside, centre + short * aside]
    return images, keypoints


def fish_dataset(splits: dict[str, int], seed: int = 0) -> Dataset:
    parts = [
        Labelled(split or "all", *drawn_fish(number, seed + k), split=split, body_length=0.68 * min(SIZE))
        for k, (split, number) in enumerate(splits.items())
    ]
    return keypoints_dataset("fish", parts, FISH, kind="crops", fps=30.0)


@pytest.fixture(scope="module")
def skeleton():
    """The skeleton of a fish."""
    return FISH


@pytest.fixture(scope="module")
def draw_fish():
    """What draws fish: (number, seed, size) gives images and key points."""
    return drawn_fish


@pytest.fixture(scope="module")
def make_fish():
    """What makes a dataset of fish of the numbers in each split."""
    return fish_dataset


@pytest.fixture(scope="module")
def fish():
    return fish_dataset({"train": 40, "validation": 10, "test": 24})


@pytest.fixture(scope="module")
def trained(fish, tmp_path_factory):
    """A folder with a small network that has learned fish."""
    from run_experiments import run

    folder = tmp_path_factory.mktemp("fish")
    data = save_dataset(fish, folder / "fish.h5")
    command = f"train --data {data} --model pose_small --filters 12 --epochs 1 --batch-size 16 --out {folder / 'run'}"
    assert run([*command.split(), "--learning-rate", "0.004", "--bend", "0.001"]) == 0
    return folder
