"""What `wormtwin train` and `evaluate` do with networks that find joints."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.table import Table

from datasets.dataset import Dataset
from datasets.plots import save_figure
from datasets.pose.labelled import require_pose
from neuron_models.foundation.printing import print_whole
from surrogates.pose.augmentation import Augmentation
from surrogates.pose.evaluation import JointScore, PoseScore, score_joints
from surrogates.pose.fitting import find_joints, fit_pose
from surrogates.pose.plots import plot_circles
from surrogates.runs.model_file import Channels
from surrogates.runs.run_folder import how_it_went
from surrogates.training.trainer import TrainingConfig

_OF_IMAGES = ("rotation", "bend")


def train(
    dataset: Dataset, model: str, settings: Mapping[str, Any], config: TrainingConfig, out: Path, data: str
) -> None:
    """Train a network, score what it finds and print the scores; some settings are of how images are changed."""
    own = {name: value for name, value in settings.items() if name not in _OF_IMAGES}
    augmentation = Augmentation(**{name: settings[name] for name in _OF_IMAGES if name in settings})
    done = fit_pose(dataset, model, own, config, out, augmentation=augmentation, data=data)
    _print_pose_scores(done.scores)
    print(how_it_went(done.model, done.training, out))


def evaluate(trained: Any, channels: Channels, dataset: Dataset, plot: Path | None) -> None:
    """Score what a network finds by split and by joint, and draw circles of its errors into `plot`."""
    require_pose(dataset, f"dataset {dataset.name!r}")
    channels.require_same(dataset)
    found = find_joints(trained, channels, dataset)
    _print_pose_scores(score_joints(dataset, found))
    if plot is not None:
        save_figure(plot_circles(dataset, found), plot)


def _print_pose_scores(scores: Mapping[str, PoseScore]) -> None:
    """Print the errors of joints by split, and by joint of the last split."""
    heads = ("median px", "90 % px", "95 % px", "median of body %", "within 2.5 %", "within 5 %", "within 10 %")
    table = Table("split", "frames", *heads, "mAP (OKS)", title="Distance of found from labelled joints")
    for split, score in scores.items():
        table.add_row(split, str(score.frames), *_pose_cells(score.joints), f"{score.precision:.3f}")
    split, score = list(scores.items())[-1]
    joints = Table("joint", "labelled", *heads, title=f"By joint ({split})")
    for name, each in score.by_joint.items():
        joints.add_row(name, str(each.number), *_pose_cells(each))
    print_whole(table, joints)


def _pose_cells(score: JointScore) -> list[str]:
    """Percentiles in px, the median over the body length and the shares of near joints in %."""
    pixels = [f"{value:.2f}" for value in (score.median, score.p90, score.p95)]
    return [*pixels, f"{100 * score.relative:.2f}", *(f"{100 * share:.1f}" for share in score.near.values())]
