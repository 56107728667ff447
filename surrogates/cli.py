"""`wormtwin train`, `evaluate` and `dataset plot`."""

import math
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from datasets.cli import DataArgument, dataset_app, parse_numbers
from neuron_models.errors import InputError, require
from neuron_models.files import require_place
from neuron_models.wording import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from datasets.dataset import Dataset
    from surrogates.classification import ClassScore
    from surrogates.metrics import Score
    from surrogates.model_file import Channels
    from surrogates.result import Result
    from surrogates.training import TrainingConfig

DataOption = Annotated[Path, typer.Option(help="A dataset file (.h5).")]


def train(
    data: DataOption,
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    model: Annotated[str, typer.Option(help="rnn, lstm, gru, ..., calcium_mlp, ...: a wrong name lists all.")] = "gru",
    units: Annotated[int | None, typer.Option(help="Size of the hidden layer (all but linear, state_space).")] = None,
    lags: Annotated[
        int | None, typer.Option(help="Past outputs and inputs that count (linear); validation chooses when not said.")
    ] = None,
    order: Annotated[
        int | None, typer.Option(help="Size of the state (state_space); validation chooses when not said.")
    ] = None,
    input_lags: Annotated[int | None, typer.Option(help="Past inputs that count (tdnn: 1, narx: 4).")] = None,
    output_lags: Annotated[int | None, typer.Option(help="Past outputs that count (narx: 2).")] = None,
    activation: Annotated[str | None, typer.Option(help="Of rnn, lstm, gru: tanh when not said, relu, ...")] = None,
    layers: Annotated[int | None, typer.Option(help="Of LSTM (posture_lstm: 1).")] = None,
    dropout: Annotated[
        float | None, typer.Option(help="Share that is dropped in training (posture_lstm: 0.2).")
    ] = None,
    components: Annotated[
        int | None, typer.Option(help="Gaussians that a frame is drawn from (posture_lstm: 5; 0: squared error).")
    ] = None,
    strain: Annotated[str, typer.Option(help="Train on the recordings of this strain only (postures).")] = "",
    learning_rate: Annotated[
        float | None, typer.Option(help="At first; 0.05 for lstm and gru, 0.01 for narx, 0.001 for rnn and tdnn.")
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the training trials; 1000 when not said.")] = None,
    batch_size: Annotated[
        int | None, typer.Option(help="Trials (of postures: pieces) in a batch; 32 when not said, 8 of postures.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the first weights and of the batches.")] = 0,
    engine: Annotated[
        str, typer.Option(help="'fast' (CPU), 'keras' (any backend, GPU), or 'auto': fast if it can.")
    ] = "auto",
) -> None:
    """Train a model on a dataset; writes model.keras, history.csv, scores.json and two plots."""
    from datasets.store import load_dataset
    from surrogates.models import TRAJECTORY_MODELS, model_kind
    from surrogates.training import TrainingConfig

    if out.is_file() or out == Path():
        raise InputError(f"--out must name a folder of its own, got {str(out)!r}")
    require_place(out)
    dataset = _of_strain(load_dataset(data), strain)
    own: dict[str, int | float | str | None] = {
        "units": units,
        "lags": lags,
        "order": order,
        "input_lags": input_lags,
        "output_lags": output_lags,
    }
    own |= {"activation": activation, "layers": layers, "dropout": dropout, "components": components}
    settings = {name: value for name, value in own.items() if value is not None}
    kind = model_kind(model)
    steps = {"learning_rate": learning_rate, "epochs": epochs, "batch_size": batch_size}
    given = {name: value for name, value in steps.items() if value is not None}
    if kind.closed_form and engine != "auto":
        given["engine"] = engine  # type: ignore[assignment]
    if kind.closed_form and given:
        raise InputError(f"model {model} is solved at once and has no {', '.join(given)}")
    effort = {"learning_rate": kind.learning_rate, **kind.effort, **given}
    config = TrainingConfig(**effort, seed=seed, engine=engine)  # type: ignore[arg-type]
    fit = {"classification": _classify, "next_step": _predict_next}.get(kind.task, _respond)
    if model in TRAJECTORY_MODELS:
        fit = _forecast
    fit(dataset, model, settings, config, out, data.name)


def _respond(
    dataset: "Dataset", model: str, settings: "Mapping[str, Any]", config: "TrainingConfig", out: Path, data: str
) -> None:
    from surrogates.fitting import fit_and_score
    from surrogates.models import model_kind

    kind = model_kind(model)
    result = fit_and_score(dataset, model, settings, config, out, data=data)
    print_scores(result.scores, dataset.y_units)
    if doubt := _doubt(dataset, result, trained_by_epochs=not kind.closed_form and config.epochs > 1):
        print(f"wormtwin: warning: {doubt}", file=sys.stderr)
    chosen = "".join(f"{name} {result.settings[name]} chosen, " for name in kind.chosen if name not in settings)
    how = chosen if kind.closed_form else f"best epoch {result.best_epoch + 1}, "
    print(f"{counted(result.parameters, 'parameter')}, {how}{result.seconds:.1f} s; all in {out}")


def _of_strain(dataset: "Dataset", strain: str) -> "Dataset":
    if not strain:
        return dataset
    from datasets.posture.recording import select_strain

    return select_strain(dataset, strain)


def _predict_next(
    dataset: "Dataset",
    model: str,
    settings: "Mapping[str, Any]",
    config: "TrainingConfig",
    out: Path,
    data: str,
) -> None:
    from surrogates.posture.fitting import fit_and_predict, print_next_frame

    trained, training, found = fit_and_predict(dataset, model, settings, config, out, data=data)
    print_next_frame(found, dataset.x_units)
    how = f"best epoch {training.best_epoch + 1}, {training.seconds:.1f} s"
    print(f"{counted(trained.count_params(), 'parameter')}, {how}; all in {out}")


def _classify(
    dataset: "Dataset", model: str, settings: "Mapping[str, Any]", config: "TrainingConfig", out: Path, data: str
) -> None:
    from surrogates.classification import fit_and_classify

    trained, training, scores = fit_and_classify(dataset, model, settings, config, out, data=data)
    print_class_scores(scores)
    how = f"best epoch {training.best_epoch + 1}, " if training.history else ""
    print(f"{counted(trained.count_params(), 'parameter')}, {how}{training.seconds:.1f} s; all in {out}")


def _forecast(
    dataset: "Dataset", model: str, settings: "Mapping[str, int | str]", config: "TrainingConfig", out: Path, data: str
) -> None:
    from surrogates.calcium.trajectory_fitting import fit_and_forecast

    trained, training, scores = fit_and_forecast(dataset, model, settings, config, out, data=data)
    print_forecast_scores(scores)
    how = f"best epoch {training.best_epoch + 1}, " if training.history else ""
    print(f"{counted(trained.count_params(), 'parameter')}, {how}{training.seconds:.1f} s; all in {out}")


def _doubt(dataset: "Dataset", result: "Result", trained_by_epochs: bool) -> str:
    """What is suspicious about a training whose loss stayed finite; empty when nothing is."""
    from surrogates.metrics import rmse_of_mean

    if trained_by_epochs and result.best_epoch == 0:
        return "the first epoch was the best, so that nothing was learned after it: try a smaller --learning-rate"
    split = "validation" if "validation" in result.scores else "train"
    found, mean = result.rmse(split), rmse_of_mean(dataset, split)
    if found <= mean or math.isnan(mean):
        return ""
    return (
        f"the {split} RMSE of {found:.4g} is worse than that of the outputs' mean, {mean:.4g}: the model is of no use"
    )


def evaluate(
    data: DataOption,
    model: Annotated[Path, typer.Option(help="A model.keras that `wormtwin train` wrote.")],
    plot: Annotated[Path | None, typer.Option(help="Draw predicted over simulated traces into this file.")] = None,
) -> None:
    """Score a trained model on a dataset, by split and by output."""
    from datasets.store import load_dataset
    from surrogates.fitting import plot_predictions
    from surrogates.metrics import predict, score
    from surrogates.model_file import load_model
    from surrogates.models import TRAJECTORY_MODELS
    from surrogates.report.plots import require_picture, save_figure

    if plot is not None:
        require_picture(plot)
    trained, channels = load_model(model)
    dataset = load_dataset(data)
    if channels is not None and channels.model:
        forecasts = channels.model in TRAJECTORY_MODELS
        whole = _evaluate_classes if channels.classes else _evaluate_forecasts if forecasts else _evaluate_next
        whole(trained, channels, dataset, plot)
        return
    if channels is not None:
        channels.require_same(dataset)
    predictions = predict(trained, dataset)
    print_scores(score(dataset, predictions), dataset.y_units)
    if plot is not None:
        save_figure(plot_predictions(dataset, predictions, trained.name), plot)


def _evaluate_classes(trained: "Any", channels: "Channels", dataset: "Dataset", plot: Path | None) -> None:
    from surrogates.classification import score_classes
    from surrogates.models import model_kind
    from surrogates.report.confusion import plot_confusion
    from surrogates.report.plots import save_figure

    kind = model_kind(channels.model)
    dataset = kind.prepare(dataset)
    channels.require_same(dataset)
    scores = score_classes(trained, kind, dataset)
    print_class_scores(scores)
    if plot is not None:
        save_figure(plot_confusion({split: s.confusion for split, s in scores.items()}, channels.classes), plot)


def _evaluate_next(trained: "Any", channels: "Channels", dataset: "Dataset", plot: Path | None) -> None:
    from surrogates.models import model_kind
    from surrogates.posture.fitting import print_next_frame
    from surrogates.posture.prediction import score_next_frame
    from surrogates.report.plots import save_figure
    from surrogates.report.posture_model_plots import plot_next_frames

    dataset = model_kind(channels.model).prepare(dataset)
    channels.require_same(dataset)
    print_next_frame(score_next_frame(trained, dataset), dataset.x_units)
    if plot is not None:
        save_figure(plot_next_frames(trained, dataset), plot)


def _evaluate_forecasts(trained: "Any", channels: "Channels", dataset: "Dataset", plot: Path | None) -> None:
    from surrogates.calcium.trajectory_fitting import score_splits
    from surrogates.models import model_kind
    from surrogates.report.calcium_trajectory_plots import plot_forecast_errors
    from surrogates.report.plots import save_figure

    dataset = model_kind(channels.model).prepare(dataset)
    channels.require_same(dataset)
    scores = score_splits(trained, dataset)
    print_forecast_scores(scores)
    if plot is not None:
        save_figure(plot_forecast_errors(scores, dataset.dt), plot)


@dataset_app.command("plot")
def plot_dataset(
    data: DataArgument,
    out: Annotated[Path, typer.Option(help="The picture to write (.png, .svg or .pdf).")],
    trials: Annotated[str, typer.Option(help="Which trials, such as 1,3-5; the first three when empty.")] = "",
    outputs: Annotated[str, typer.Option(help="Which outputs, such as DB1,VB1; the first six when empty.")] = "",
    inputs: Annotated[str, typer.Option(help="Which neurons of calcium recordings, or channels of postures.")] = "",
) -> None:
    """Draw some trials: inputs above, outputs below; of calcium traces by state; of postures curvature over time."""
    from connectome.contact import require_known
    from datasets.store import load_dataset
    from surrogates.report.calcium_plots import is_calcium, plot_recordings
    from surrogates.report.plots import plot_traces, require_picture, save_figure
    from surrogates.report.posture_plots import is_posture, plot_postures

    require_picture(out)
    dataset = load_dataset(data)
    numbers = parse_numbers(trials) if trials else range(1, min(3, len(dataset)) + 1)
    for number in numbers:
        if not 1 <= number <= len(dataset):
            raise InputError(f"{data} has the trials 1 to {len(dataset)}, not {number}")
    of_inputs = plot_recordings if is_calcium(dataset) else plot_postures if is_posture(dataset) else None
    option, named = ("input", inputs) if of_inputs else ("output", outputs)
    require(not (outputs if of_inputs else inputs), f"{data}: choose what is drawn by --{option}s")
    known = dataset.x_names if of_inputs else dataset.y_names
    names = require_known([n.strip() for n in named.split(",") if n.strip()], known, option)
    require(bool(names) or not named, f"--{option}s {named!r} names no {option}")
    dataset = replace(dataset, trials=tuple(dataset.trials[n - 1] for n in numbers))
    rows = range(len(dataset))
    figure = of_inputs(dataset, names or None) if of_inputs else plot_traces(dataset, rows, outputs=names or None)
    save_figure(figure, out)
    print(f"{counted(len(dataset), 'trial')} in {out}")


def register(app: typer.Typer) -> None:
    """Mount these commands."""
    app.command()(train)
    app.command()(evaluate)


def print_scores(scores: "Mapping[str, Score]", units: str) -> None:
    """Print a table of RMSE, and RMSE over range, by split and output."""
    outputs = list(next(iter(scores.values())).rmse_by_output)[:12]
    table = Table("split", f"RMSE ({units})", "of range", *outputs, title="RMSE by split and by output")
    for split, score in scores.items():
        cells = [f"{score.rmse_by_output[name]:.4g}" for name in outputs]
        table.add_row(split, f"{score.rmse:.4g}", f"{100 * score.relative:.2f} %", *cells)
    console = Console()
    console.width = max(console.width, 34 + 12 * len(outputs))  # figures are never cut
    console.print(table)


def print_class_scores(scores: "Mapping[str, ClassScore]") -> None:
    """Print accuracy, chance and each class's recall by split, and the confusion of the last split."""
    classes = list(next(iter(scores.values())).recall)
    table = Table("split", "accuracy", "chance", *classes, title="Accuracy, and recall by state, in %")
    for split, score in scores.items():
        cells = [score.accuracy, score.chance, *(score.recall[name] for name in classes)]
        table.add_row(split, *(f"{100 * cell:.1f}" for cell in cells))
    split, score = list(scores.items())[-1]
    confusion = Table("true \\ given", *classes, title=f"Confusion ({split}), in windows")
    for name, row in zip(classes, score.confusion, strict=True):
        confusion.add_row(name, *map(str, row))
    console = Console()
    console.width = max(console.width, 40 + 16 * len(classes))  # figures are never cut
    console.print(table)
    console.print(confusion)


def print_forecast_scores(scores: "Mapping[str, Mapping[str, Sequence[float]]]") -> None:
    """Print the RMSE of some steps by split, and those of persistence."""
    shown = (1, 2, 4, 8, 12, 16)
    table = Table("split", "forecast", *(f"step {step}" for step in shown), title="RMSE by step, share of the range")
    for split, both in scores.items():
        for name, errors in both.items():
            table.add_row(split, name, *(f"{errors[step - 1]:.4f}" for step in shown))
    console = Console()
    console.width = max(console.width, 34 + 12 * len(shown))  # figures are never cut
    console.print(table)
