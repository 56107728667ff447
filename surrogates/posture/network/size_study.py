"""The size study (as in Li et al. 2017): networks of several sizes, their errors and what their free runs are worth."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from rich.table import Table

from datasets.dataset import Dataset
from datasets.plots import COLOURS, MUTED, save_figure, tidy
from neuron_models.foundation.csv_file import write_csv
from neuron_models.foundation.errors import require
from neuron_models.foundation.files import atomic_write
from neuron_models.foundation.printing import print_whole
from neuron_models.foundation.wording import counted
from surrogates.posture.network.comparison import behaviour, bounded, distance
from surrogates.posture.network.free_run import Drawing
from surrogates.posture.network.generated import generate_dataset
from surrogates.posture.network.models import POSTURE_MODELS
from surrogates.posture.network.prediction import NETWORK, score_next_frame
from surrogates.posture.network.segments import segments
from surrogates.training.configuration import TrainingConfig
from surrogates.training.model_kind import fit_model, look_up


@dataclass(frozen=True)
class SizeStudy:
    """Which sizes of which model are trained, for how many epochs, and how long how many free runs are."""

    model: str = "posture_lstm"
    layers: tuple[int, ...] = (1, 2)
    units: tuple[int, ...] = (16, 32, 64)
    epochs: int = 100
    frames: int = 3000
    worms: int = 20
    seed: int = 0

    def __post_init__(self) -> None:
        task = look_up(self.model, POSTURE_MODELS).task
        require(task == "next_step", f"model {self.model} does not predict postures: choose posture_lstm")
        require(bool(self.layers) and bool(self.units), "a size study needs numbers of layers and of units")


def run_sizes(
    dataset: Dataset, study: SizeStudy, on_progress: Callable[[str], object] = lambda line: None
) -> pd.DataFrame:
    """Train every size from the same seed: one row each.

    `validation` is the error of the next frame, `linear` that of a linear autoregression, `loss` the validation loss
    that was minimised, `bounded` the share of free runs that stay bounded, and `... distance` what is between generated
    and real worms, in standard deviations of the real ones.

    Raises:
        InputError: a size that is none, or recordings without a long enough segment.
    """
    kind = look_up(study.model, POSTURE_MODELS)
    cut, real = segments(dataset), _pooled(dataset)
    config = TrainingConfig(study.epochs, int(kind.training_defaults["batch_size"]), kind.learning_rate, study.seed)
    rows = []
    for layers in study.layers:
        for units in study.units:
            on_progress(f"{study.model} of {layers} x {units}")
            model, training = fit_model(
                look_up(study.model, POSTURE_MODELS), cut, config, {"layers": layers, "units": units}
            )
            scores = score_next_frame(model, cut)
            split = "validation" if "validation" in scores.scores[NETWORK] else "train"
            drawing = Drawing(seed=study.seed)
            made = generate_dataset(model, dataset, worms=study.worms, frames=study.frames, drawing=drawing)
            drawn = _pooled(made)
            rows.append(
                {
                    "layers": layers,
                    "units": units,
                    "parameters": model.count_params(),
                    "seconds": training.seconds,
                    "loss": min(training.history.get("val_loss", training.history["loss"])),
                    "validation": scores.rmse(NETWORK, split),
                    "linear": scores.rmse("linear autoregression", split),
                    "bounded": float(bounded(dataset, made).mean()),
                    **{f"{name} distance": distance(real[name], drawn[name]) / real[name].std() for name in real},
                }
            )
    return pd.DataFrame(rows)


def _pooled(dataset: Dataset) -> dict[str, np.ndarray]:
    """What all worms do, of whatever strain."""
    by_strain = list(behaviour(dataset).values())
    return {name: np.concatenate([strain_values[name] for strain_values in by_strain]) for name in by_strain[0]}


def save_sizes(table: pd.DataFrame, out: Path) -> None:
    """Write `sizes.csv` and `sizes.png`."""
    with atomic_write(out / "sizes.csv") as temporary:
        write_csv(table, temporary, index=False)
    save_figure(plot_sizes(table), out / "sizes.png")


def plot_sizes(table: pd.DataFrame) -> Figure:
    """Draw errors and distances over the number of parameters, a line for each number of layers."""
    distances = [str(name) for name in table if str(name).endswith(" distance")]
    titles = {"validation": "next frame, RMSE", "loss": "validation loss"}
    shown = [*titles, *distances]
    rows = -(-len(shown) // 3)
    figure = Figure(figsize=(9.0, 2.7 * rows + 0.4), layout="constrained")
    axes = figure.subplots(rows, 3, squeeze=False).ravel()
    for axis, name in zip(axes, shown, strict=False):
        for colour, (layers, part) in zip(COLOURS, table.groupby("layers"), strict=False):
            label = counted(int(layers), "layer")
            axis.semilogx(part["parameters"], part[name], "o-", color=colour, ms=4, lw=1.2, label=label)
        axis.set_title(titles.get(name, f"{name} (standard deviations)"), fontsize=9)
        axis.set_xlabel("parameters", fontsize=9)
    for axis in axes[len(shown) :]:
        axis.set_visible(False)
    axes[0].axhline(table["linear"].iloc[0], color=MUTED, lw=0.9, ls="--", label="linear autoregression")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=5, fontsize=8, frameon=False)
    tidy(axes)
    return figure


def print_sizes(table: pd.DataFrame) -> None:
    """Print the table."""
    shown = Table(
        *(str(name) for name in table), title="Networks by size; RMSE of the next frame, distances of free runs"
    )
    for row in table.to_dict("records"):
        shown.add_row(*(f"{value:.4g}" if isinstance(value, float) else str(value) for value in row.values()))
    print_whole(shown)
