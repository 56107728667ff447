"""`wormtwin train`, `evaluate` and `models`."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from datasets.options import DataOption, TestDataOption, one_of
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import require_figure_path, require_writable
from surrogates.model_options import DEFAULT, ModelCommand, settings_given

_UNNAMED = "gru"
"""Model files that name no model hold one of responses; all of these are evaluated alike."""


def train(
    data: DataOption,
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    test_data: TestDataOption = None,
    model: Annotated[str, typer.Option(help="A name that `wormtwin models` lists.")] = DEFAULT,
    learning_rate: Annotated[float | None, typer.Option(help="At first; the model's own by default.")] = None,
    epochs: Annotated[int | None, typer.Option(max=1_000_000, help="Passes over the training trials.")] = None,
    preset: Annotated[str, typer.Option(help="A number of epochs by name, for models that have presets.")] = "",
    batch_size: Annotated[int | None, typer.Option(max=10_000_000, help="Samples in a batch.")] = None,
    scale: Annotated[bool, typer.Option("--scale", help="Train on scaled inputs and outputs.")] = False,
    anneal: Annotated[bool, typer.Option("--anneal", help="Let the learning rate fall along a cosine.")] = False,
    polish: Annotated[bool, typer.Option("--polish", help="Go on by second-order steps after the last epoch.")] = False,
    polish_steps: Annotated[int | None, typer.Option(max=1_000_000, help="Its iterations; 500 by default.")] = None,
    weight_decay: Annotated[
        float | None, typer.Option(help="Penalty on weights that leave their linear start: for lfr and its like.")
    ] = None,
    superpose: Annotated[
        int | None, typer.Option(max=1_000_000, help="Add so many mixtures of training trials: for linear networks.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the first weights and of the batches.")] = 0,
    engine: Annotated[
        str, typer.Option(help="'fast' (CPU), 'keras' (any backend, GPU), or 'auto': fast if it can.")
    ] = "auto",
) -> None:
    """Train a model on a dataset; writes model.keras, history.csv, scores.json and two plots.

    The settings of the model are options too: `wormtwin train --model lstm --help` lists those of lstm.
    """
    from datasets.parts.external_test import load_with_test
    from surrogates.registry import model_kind
    from surrogates.runs.fitting import fit_and_save
    from surrogates.runs.run_folder import summary_line
    from surrogates.training.configuration import TrainingConfig

    if out.is_file() or out == Path():
        raise InputError(f"--out must name a folder of its own, got {str(out)!r}")
    require_writable(out)
    settings, kind = settings_given(), model_kind(model)
    steps = {"learning_rate": learning_rate, "epochs": epochs, "batch_size": batch_size}
    require(polish_steps is None or polish_steps >= 1, f"--polish-steps must be >= 1, got {polish_steps}")
    steps["polish"] = (polish_steps or 500) if polish or polish_steps else None
    steps |= {"scale": scale or None, "anneal": anneal or None, "superpose": superpose, "weight_decay": weight_decay}
    given = _steps(kind, preset, {name: value for name, value in steps.items() if value is not None}, engine)
    defaults = {"learning_rate": kind.learning_rate, **kind.training_defaults}
    config = TrainingConfig(**{**defaults, **given}, seed=seed, engine=engine)
    done = fit_and_save(kind, load_with_test(data, test_data), settings, config, out, data=data.name)
    if done.note:
        print(done.note)
    done.evaluation.print_scores()
    if doubt := done.evaluation.doubt(done.training):
        print(f"wormtwin: warning: {doubt}", file=sys.stderr)
    print(summary_line(done.model, done.training, out, [name for name in kind.chosen if name not in settings]))


def _steps(kind: Any, preset: str, given: dict[str, Any], engine: str) -> dict[str, Any]:
    """The steps of training that were asked for, with the epochs of a preset."""
    if preset:
        require("epochs" not in given, "--preset sets --epochs: give one of the two")
        require(bool(kind.presets), f"model {kind.name} has no presets: give --epochs")
        one_of("--preset", preset, tuple(kind.presets))
        given["epochs"] = kind.presets[preset]
    unused = [*given, "engine"] if engine != "auto" else list(given)
    if kind.refine is not None:
        unused = [name for name in unused if name != "polish"]
    if kind.closed_form and unused:
        raise InputError(f"model {kind.name} is solved at once and has no {', '.join(unused)}")
    takes = "weight_decay" in kind.training_defaults
    require(takes or "weight_decay" not in given, f"model {kind.name} is trained without --weight-decay: leave it out")
    return given


def evaluate(
    model: Annotated[Path, typer.Option(help="A model.keras that `wormtwin train` wrote.")],
    data: Annotated[Path | None, typer.Option(help="A dataset file (.h5).")] = None,
    test_data: TestDataOption = None,
    plot: Annotated[Path | None, typer.Option(help="Draw predicted beside true values into this file.")] = None,
    bands: Annotated[bool, typer.Option("--bands", help="Refuse a model that `calibrate` gave no bands.")] = False,
) -> None:
    """Score a trained model on a dataset, by what it has learned of it: train, validation, test, or unseen."""
    from datasets.parts.external_test import load_with_test
    from datasets.plots import save_figure
    from surrogates.registry import model_kind
    from surrogates.runs.fitting import evaluate as evaluation_on
    from surrogates.runs.learned import told_parts
    from surrogates.runs.model_file import load_model

    require_figure_path(plot)
    require(data is not None or test_data is not None, "name the data by --data, or those of a test by --test-data")
    trained, signature = load_model(model)
    kind = model_kind(signature.model if signature is not None and signature.model else _UNNAMED)
    calibrated = signature is not None and signature.bands is not None
    require(
        calibrated or not bands, f"{model} has no bands: `wormtwin calibrate --model {model} --data MORE` makes them"
    )
    learned = signature.learned if signature is not None else None
    dataset = load_with_test(data, test_data) if data is not None else _tested(test_data, learned)  # type: ignore[arg-type]
    evaluation = evaluation_on(kind, trained, signature, dataset)
    if note := told_parts(learned, dataset):
        print(note)
    evaluation.print_scores()
    for warning in evaluation.warnings():
        print(f"wormtwin: warning: {warning}", file=sys.stderr)
    if plot is not None:
        save_figure(evaluation.plot(), plot)


def _tested(path: Path, learned: Any) -> Any:
    """The trials of a file as a test of a model.

    Raises:
        InputError: the model has learned one of them.
    """
    from datasets.checksums import trial_checksum
    from datasets.store import load_dataset

    dataset = load_dataset(path)
    known = {} if learned is None else learned.by_checksum
    for trial in dataset:
        same = known.get(trial_checksum(trial))
        require(
            same is None,
            f"trial {trial.name!r} of {path} was learned by the model{f', as {same.name!r}' if same else ''}: test on "
            "others, or give the file by --data",
        )
    return dataset.with_split(["test"] * len(dataset))


def models(
    task: Annotated[str, typer.Option(help="Only those for this task, such as regression or keypoints.")] = "",
) -> None:
    """List every model with its task, its settings and their defaults, and where it was published."""
    from surrogates.model_options import print_models

    print_models(task)


def register(app: typer.Typer) -> None:
    """Mount these commands."""
    app.command(cls=ModelCommand)(train)
    app.command()(evaluate)
    app.command()(models)
