"""The whole way on generated animals: labels, training, a video whose animals are followed, a report."""

from pathlib import Path

import numpy as np

from datasets.dataset import Dataset
from datasets.pose.drawing.render import RenderSettings, render
from datasets.pose.generator.sample import SampleSettings, make_sample
from datasets.pose.labelled import skeleton_of
from datasets.pose.sampling.splits import choose_frames, labelled_rows, picked
from datasets.store import save_dataset
from surrogates.pose.demo_video import DRAWN, follow_animals
from surrogates.pose.finder import finder_of
from surrogates.pose.models import POSE_MODELS, POSE_PRESETS
from surrogates.pose.page import write_pose_report
from surrogates.pose.video_section import video_section
from surrogates.runs.fitting import fit_and_save
from surrogates.training.configuration import TrainingConfig
from surrogates.training.model_kind import look_up

MODEL = "pose_small"
_KNOWN, _STRANGERS = 5, 3
_LABELS, _TEST = 100, 200
_FRAMES = 600
"""Of the video."""


def labelled_sample(animal: str, labels: int, test: int, seed: int, size: int = 96) -> Dataset:
    """Generated crops of which `labels` are learned (a tenth of them for validation) and `test` are not.

    Half of the test images show the individuals that are learned, the others three that are not.
    """
    half, everyone = test // 2, _KNOWN + _STRANGERS
    each = max(-(-(labels + half) // _KNOWN), -(-(test - half) // _STRANGERS))
    settings = SampleSettings(animal=animal, frames=each * everyone, size=size, animals=everyone, seed=seed)
    sample, rng = make_sample(settings), np.random.default_rng(seed)
    rows = np.array(labelled_rows(sample))
    seen = rng.permutation(rows[rows[:, 0] < _KNOWN]).tolist()
    strange = rng.permutation(rows[rows[:, 0] >= _KNOWN]).tolist()[: test - half]
    checked = max(1, labels // 10)
    picks = picked(seen[checked:labels], "train") + picked(seen[:checked], "validation")
    return choose_frames(sample, picks + picked(seen[labels : labels + half] + strange, "test"))


def strangers_in(dataset: Dataset) -> Dataset:
    """The test trials of a labelled sample whose individuals are not learned."""
    learned = {trial.group for trial in dataset if trial.split == "train"}
    return dataset.select(k for k, t in enumerate(dataset) if t.split == "test" and t.group not in learned)


def run_demo(out: Path, *, animal: str = "fly", epochs: int = POSE_PRESETS["fast"], seed: int = 0) -> Path:
    """Generate labelled images, train a network on 100 of them, look at others and at a video, and write a report.

    Args:
        out: the folder; gets `labels.h5`, the trained network, a video with its crops and tracks, and `report.html`.
        animal: fly or worm.
        epochs: of 50 batches.
        seed: of everything.

    Returns:
        The report.
    """
    dataset = labelled_sample(animal, _LABELS, _TEST, seed)
    save_dataset(dataset, out / "labels.h5")
    config = TrainingConfig(epochs=epochs, learning_rate=look_up(MODEL, POSE_MODELS).learning_rate, seed=seed)
    done = fit_and_save(look_up(MODEL, POSE_MODELS), dataset, {}, config, out, data="labels.h5")
    skeleton = skeleton_of(done.dataset)
    followed = follow_animals(finder_of(done.model, done.signature), skeleton, animal, _FRAMES, seed + 1, out)
    render(followed.video, followed.tracks, out / DRAWN, RenderSettings(by_animal=True))
    return write_pose_report(done, MODEL, out, (video_section(followed),))
