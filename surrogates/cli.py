"""`wormtwin train` and `evaluate`."""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from datasets.options import DataOption, one_of
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import require_picture, require_place

if TYPE_CHECKING:
    from datasets.dataset import Dataset
    from surrogates.training.model_kind import ModelKind


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
    filters: Annotated[
        int | None, typer.Option(help="Of networks that find joints: width of the first layers.")
    ] = None,
    rotation: Annotated[
        float | None, typer.Option(help="Of images of joints: turned by up to so many degrees; 15 when not said.")
    ] = None,
    bend: Annotated[
        float | None, typer.Option(help="Of images of joints: bent by so much of their side; 0 when not said.")
    ] = None,
    strain: Annotated[str, typer.Option(help="Train on the recordings of this strain only (postures).")] = "",
    learning_rate: Annotated[
        float | None, typer.Option(help="At first; 0.05 for lstm and gru, 0.01 for narx, 0.001 for rnn and tdnn.")
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(help="Passes over the training trials; 1000 when not said, postures 100, joints 15."),
    ] = None,
    preset: Annotated[str, typer.Option(help="Of networks that find joints: fast (15 epochs) or full (50).")] = "",
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
    from surrogates.registry import model_kind
    from surrogates.training.trainer import TrainingConfig

    if out.is_file() or out == Path():
        raise InputError(f"--out must name a folder of its own, got {str(out)!r}")
    require_place(out)
    dataset = _of_strain(load_dataset(data), strain)
    own: dict[str, int | float | str | None] = {"units": units, "lags": lags, "order": order}
    own |= {"input_lags": input_lags, "output_lags": output_lags, "filters": filters}
    own |= {"rotation": rotation, "bend": bend}
    own |= {"activation": activation, "layers": layers, "dropout": dropout, "components": components}
    settings = {name: value for name, value in own.items() if value is not None}
    kind = model_kind(model)
    steps = {"learning_rate": learning_rate, "epochs": epochs, "batch_size": batch_size}
    given = _effort(kind, model, preset, {name: value for name, value in steps.items() if value is not None}, engine)
    effort = {"learning_rate": kind.learning_rate, **kind.effort, **given}
    config = TrainingConfig(**effort, seed=seed, engine=engine)
    import_module(kind.commands).train(dataset, model, settings, config, out, data.name)


def _effort(kind: "ModelKind", model: str, preset: str, given: dict[str, Any], engine: str) -> dict[str, Any]:
    """The steps of training that were asked for, with the epochs of a preset."""
    if preset:
        require("epochs" not in given, "--preset sets --epochs: give one of the two")
        require(bool(kind.presets), f"model {model} has no presets: give --epochs")
        one_of("--preset", preset, tuple(kind.presets))
        given["epochs"] = kind.presets[preset]
    asked = [*given, "engine"] if engine != "auto" else list(given)
    if kind.closed_form and asked:
        raise InputError(f"model {model} is solved at once and has no {', '.join(asked)}")
    return given


def _of_strain(dataset: "Dataset", strain: str) -> "Dataset":
    if not strain:
        return dataset
    from datasets.posture.recording import select_strain

    return select_strain(dataset, strain)


def evaluate(
    data: DataOption,
    model: Annotated[Path, typer.Option(help="A model.keras that `wormtwin train` wrote.")],
    plot: Annotated[Path | None, typer.Option(help="Draw predicted over simulated traces into this file.")] = None,
) -> None:
    """Score a trained model on a dataset, by split and by output."""
    from datasets.store import load_dataset
    from surrogates.registry import model_kind
    from surrogates.runs.model_file import load_model

    require_picture(plot)
    trained, channels = load_model(model)
    commands = (
        model_kind(channels.model).commands if channels is not None and channels.model else model_kind("gru").commands
    )
    import_module(commands).evaluate(trained, channels, load_dataset(data), plot)


def register(app: typer.Typer) -> None:
    """Mount these commands."""
    app.command()(train)
    app.command()(evaluate)
