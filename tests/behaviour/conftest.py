"""Two walkers whose behaviour is known: they rest, walk together, and one chases the other."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from datasets.pose.formats.tracks_file import save_tracks
from datasets.pose.skeleton import Skeleton
from datasets.pose.tracks import Tracks

CLASSES = ("rest", "walk", "chase")
FPS = 30.0


def walkers(seed: int, frames: int = 1500) -> tuple[np.ndarray, np.ndarray]:
    """Positions (frame, animal, point, 2) and the class of each frame; bouts last 1 to 3 s."""
    rng = np.random.default_rng(seed)
    labels: list[int] = []
    while len(labels) < frames:
        last = labels[-1] if labels else -1
        labels += [int(rng.choice([c for c in range(3) if c != last]))] * int(rng.integers(30, 90))
    state = np.array(labels[:frames])
    centre, heading = np.array([[0.0, 0.0], [150.0, 0.0]]), rng.uniform(-3, 3, 2)
    xy = np.empty((frames, 2, 3, 2))
    for t in range(frames):
        heading += 0.15 * rng.standard_normal(2)
        if state[t] == 2:
            to = centre[0] - centre[1]
            heading[1] = np.arctan2(to[1], to[0])
        speed = np.array([[0.2, 0.2], [3.0, 3.0], [6.0, 8.0]][state[t]])
        if state[t] == 2 and np.hypot(*(centre[0] - centre[1])) < 40:
            speed[1] = 5.0
        if state[t] != 2 and np.hypot(*(centre[0] - centre[1])) < 120:
            away = centre[1] - centre[0]
            heading[1], speed[1] = np.arctan2(away[1], away[0]), max(speed[1], 0.2)
        direction = np.stack([np.cos(heading), np.sin(heading)], axis=1)
        centre = centre + speed[:, None] * direction
        xy[t] = centre[:, None] + np.array([20.0, 0.0, -20.0])[None, :, None] * direction[:, None]
    return xy + 0.5 * rng.standard_normal(xy.shape), state


def caltech(path: Path, labels: np.ndarray) -> Path:
    """Write labels as Caltech's annotator does: from frame 1, the last frame of a bout included."""
    edges = [0, *(np.flatnonzero(np.diff(labels)) + 1).tolist(), len(labels)]
    rows = [f"   \t{a + 1}\t{b}\t{CLASSES[labels[a]]}" for a, b in pairwise(edges)]
    head = ["Caltech Behavior Annotator - Annotation File", "", "S1:\tstart\tend\ttype", "-" * 29]
    path.write_text("\n".join([*head, *rows, ""]))
    return path


def tracks_of(xy: np.ndarray, name: str, fps: float = FPS) -> Tracks:
    skeleton = Skeleton(("nose", "body", "tail"), (("nose", "body"), ("body", "tail")), ())
    return Tracks(name, skeleton, np.arange(len(xy)), xy, None, tuple("ab"[: xy.shape[1]]), fps)


@pytest.fixture(scope="session")
def recordings(tmp_path_factory) -> tuple[list[Path], list[Path]]:
    """Tracks and labels of four recordings."""
    folder = tmp_path_factory.mktemp("walkers")
    tracks, labels = [], []
    for seed in range(4):
        xy, state = walkers(seed)
        tracks.append(save_tracks(tracks_of(xy, f"walk{seed}"), folder / f"walk{seed}.h5"))
        labels.append(caltech(folder / f"walk{seed}.txt", state))
    return tracks, labels
