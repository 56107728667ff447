"""What decides how well key points are found: the side studies of Pereira et al. 2019, a training for each value."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.table import Table

from datasets.checksums import content_checksum
from datasets.dataset import Dataset
from datasets.plots import save_figure
from datasets.pose.sampling.splits import FULL_SHARES, choose_frames, divide_frames, labelled_rows, picked
from neuron_models.foundation.csv_file import write_csv
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import atomic_write
from neuron_models.foundation.printing import print_whole
from neuron_models.foundation.result_forms import JSON_FORM
from neuron_models.foundation.resumable import Work, resumable_folder
from surrogates.pose.background import without_background
from surrogates.pose.models import POSE_MODELS
from surrogates.pose.plots import plot_study
from surrogates.runs.fitting import Fit, fit
from surrogates.runs.result import versions
from surrogates.training.configuration import TrainingConfig
from surrogates.training.model_kind import look_up


@dataclass(frozen=True, eq=False)
class Variant:
    """One training of a study: what it is called, and what it differs in."""

    label: str
    dataset: Dataset
    model: str
    settings: Mapping[str, Any] = field(default_factory=dict)


def _rotations(dataset: Dataset, model: str, seed: int, values: Sequence[str]) -> list[Variant]:
    angles = [_number(value, "degrees") for value in values or ("0", "5", "15", "45", "90")]
    return [Variant(f"{angle:g}", dataset, model, {"rotation": angle}) for angle in angles]


def _bends(dataset: Dataset, model: str, seed: int, values: Sequence[str]) -> list[Variant]:
    amounts = [_number(value, "bends") for value in values or ("0", "0.02", "0.05", "0.1", "0.15")]
    return [Variant(f"{amount:g}", dataset, model, {"bend": amount}) for amount in amounts]


def _architectures(dataset: Dataset, model: str, seed: int, values: Sequence[str]) -> list[Variant]:
    return [
        Variant(name, dataset, name) for name in values or ("pose_small", "hourglass", "stacked_hourglass", "leap_cnn")
    ]


def _backgrounds(dataset: Dataset, model: str, seed: int, values: Sequence[str]) -> list[Variant]:
    return [Variant("whole", dataset, model), Variant("masked", without_background(dataset), model)]


def _labels(dataset: Dataset, model: str, seed: int, values: Sequence[str]) -> list[Variant]:
    numbers = [int(_number(value, "labelled frames")) for value in values or ("10", "20", "50", "100", "200", "500")]
    most = len(_learnable(dataset))
    if not values:
        numbers = [number for number in numbers if number <= most]
    return [Variant(str(number), fewer_labels(dataset, number, seed), model) for number in numbers]


STUDIES: dict[str, tuple[str, Callable[..., list[Variant]]]] = {
    "rotation": ("rotation of training images (degrees)", _rotations),
    "bend": ("bend of training images (share of their side)", _bends),
    "architectures": ("network", _architectures),
    "background": ("background", _backgrounds),
    "labels": ("labelled frames", _labels),
}
"""What each study varies."""


def fewer_labels(dataset: Dataset, number: int, seed: int) -> Dataset:
    """The dataset with so many labelled frames to learn from, a tenth of them (at least one) for validation.

    The frames are those of the training and validation trials, in an order drawn by the seed, so that fewer labels are
    among more; trials of the test split stay as they are.

    Raises:
        InputError: fewer than two, or more than there are.
    """
    rows = _learnable(dataset)
    require(2 <= number <= len(rows), f"there are {len(rows)} labelled frames to learn from, {number} were asked for")
    order = np.random.default_rng(seed).permutation(len(rows))[:number]
    checked = max(1, round(0.1 * number))
    picks = picked([rows[k] for k in order[checked:]], "train")
    picks += picked([rows[k] for k in order[:checked]], "validation")
    tests = [k for k, trial in enumerate(dataset) if trial.split == "test"]
    picks += picked([row for row in labelled_rows(dataset) if row[0] in tests], "test")
    return choose_frames(dataset, picks)


def _learnable(dataset: Dataset) -> list[tuple[int, int]]:
    return [row for row in labelled_rows(dataset) if dataset.trials[row[0]].split in ("train", "validation")]


def run_study(
    what: str, dataset: Dataset, out: Path, *, model: str, epochs: int, seed: int = 0, values: Sequence[str] = ()
) -> pd.DataFrame:
    """Train a network for each value of a study and compare their errors on frames that none has learned.

    Every training is kept in `out/runs` when it is finished and not repeated.

    Args:
        what: one of `STUDIES`.
        dataset: of labelled images; without splits its frames are divided (76.5, 13.5, 10 %).
        out: the folder; gets `study.csv` and `study.png`.
        model: the network, but for architectures.
        epochs: of every training.
        seed: of the division, the first weights and the batches.
        values: other than the usual ones.

    Returns:
        A row for each training.

    Raises:
        InputError: no such study, a value that is none, or data without test frames.
    """
    if what not in STUDIES:
        raise InputError(f"there is no study {what!r}; there are {', '.join(STUDIES)}")
    head, variants_of = STUDIES[what]
    dataset = dataset if dataset.by_split() else divide_frames(dataset, FULL_SHARES, seed)
    require("test" in dataset.by_split(), f"dataset {dataset.name!r} has no test frames to compare on")
    rows, content = [], content_checksum(dataset)
    work = Work("runs", {"data": content, **versions()})
    with resumable_folder(out / "runs", work, JSON_FORM, out) as kept:
        for variant in variants_of(dataset, model, seed, values):
            name = f"{what}-{variant.label}-{variant.model}-{epochs}-{seed}"
            if not kept.has(name):
                kept.keep(name, _trained(variant, epochs, seed))
            facts = {"study": what, "data": dataset.name, "content": content, "model": variant.model}
            rows.append({**facts, "epochs": epochs, "seed": seed, head: variant.label, **kept.load(name)})
    table = pd.DataFrame(rows)
    with atomic_write(out / "study.csv") as temporary:
        write_csv(table.drop(columns="course"), temporary, index=False)
    save_figure(plot_study(table, head), out / "study.png")
    return table


def _trained(variant: Variant, epochs: int, seed: int) -> dict[str, Any]:
    kind = look_up(variant.model, POSE_MODELS)
    config = TrainingConfig(epochs=epochs, learning_rate=kind.learning_rate, seed=seed)
    return outcome(fit(kind, variant.dataset, variant.settings, config))


def outcome(done: Fit) -> dict[str, Any]:
    """The test errors of a training in a row, with its course: the validation's pixel error by epoch."""
    test, history = done.evaluation.scores["test"].keypoints, done.training.history
    return {
        "parameters": done.model.count_params(),
        "median_px": test.median,
        "p90_px": test.p90,
        "p95_px": test.p95,
        "relative": test.relative,
        "within_2.5_percent": 100 * test.near["0.025"],
        "precision": done.evaluation.scores["test"].precision,
        "seconds": done.training.seconds,
        "course": list(history.get("val_pixels", history["pixels"])),
    }


def _number(value: str, what: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise InputError(f"--values must be numbers of {what}, got {value!r}") from None


def print_study(table: pd.DataFrame) -> None:
    """Print the errors of a study's trainings."""
    head = table.columns[6]
    shown = Table(head, "parameters", "median px", "90 % px", "within 2.5 %", "seconds", title="Test frames")
    for row in table.to_dict("records"):
        cells = [f"{row[key]:.2f}" for key in ("median_px", "p90_px")]
        cells += [f"{row['within_2.5_percent']:.1f}", f"{row['seconds']:.0f}"]
        shown.add_row(str(row[head]), str(row["parameters"]), *cells)
    print_whole(shown)
