"""One way from a dataset to a trained model: prepare, fit, score, save; and from a model file to its scores."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets.dataset import Dataset
from surrogates.backend import keras
from surrogates.runs.model_file import ModelSignature
from surrogates.runs.run_folder import save_run, save_scores
from surrogates.training.configuration import Training, TrainingConfig
from surrogates.training.model_kind import Evaluation, ModelKind, complete_settings, fit_model


@dataclass(frozen=True, eq=False)
class Fit:
    """A trained model, how its training went, the prepared dataset, the model's signature and its evaluation."""

    kind: ModelKind
    model: keras.Model
    training: Training
    dataset: Dataset
    signature: ModelSignature
    evaluation: Any


def fit(
    kind: ModelKind, dataset: Dataset, settings: Mapping[str, Any], config: TrainingConfig, progress: bool = True
) -> Fit:
    """Prepare a dataset, train a model on it and score it on all its splits.

    Args:
        kind: what is trained.
        dataset: as it is stored; with training, and better also validation and test trials.
        settings: of the model, of the choice of data and of the batches, such as `units`.
        config: epochs, batch size, learning rate, seed.
        progress: show bars.

    Raises:
        InputError: a setting that the model does not have, a dataset for another task, without training trials or with
            names that are no printable line.
        FloatingPointError: the loss was never finite, or the free run is not.
    """
    chosen = {name: complete_settings(kind, settings)[name] for name in kind.select_settings}
    prepared = kind.prepare(kind.select(dataset, config.seed, **chosen))
    kind.require_task(prepared)
    if kind.require_trainable is not None:
        kind.require_trainable(kind, prepared)
    signature = ModelSignature.of(prepared, kind.recorded_name)
    signature.validate()
    model, training = fit_model(kind, prepared, config, settings, progress)
    return Fit(kind, model, training, prepared, signature, evaluation_of(kind, model, prepared, signature))


def evaluation_of(
    kind: ModelKind, model: keras.Model, prepared: Dataset, signature: ModelSignature | None
) -> Evaluation:
    """Score a model on a dataset that is prepared for its kind."""
    if kind.evaluate is None:
        raise NotImplementedError(f"the table of models does not say how {kind.name} is evaluated")
    return kind.evaluate(model, kind, prepared, signature)


def save_fit(
    done: Fit,
    config: TrainingConfig,
    out: Path,
    *,
    data: str = "",
    experiment: str = "train",
    figures: bool = True,
) -> None:
    """Write model, history, figures and last of all the scores, whose presence says that all is there.

    Args:
        done: what was trained.
        config: what was asked of it.
        out: the folder.
        data: the name of the data, for the record.
        experiment: what the run belongs to.
        figures: draw the history and the evaluation too.
    """
    drawn = {done.evaluation.figure_file: done.evaluation.plot() if figures else None}
    save_run(
        done.model,
        done.training,
        done.signature,
        out,
        drawn,
        done.dataset.y_units,
        history=figures,
        plot=done.kind.plot_history,
    )
    facts = done.evaluation.record()
    save_scores(
        done.model,
        done.training,
        config,
        done.dataset,
        out,
        facts,
        model=done.kind.name,
        data=data,
        experiment=experiment,
    )


def fit_and_save(
    kind: ModelKind,
    dataset: Dataset,
    settings: Mapping[str, Any],
    config: TrainingConfig,
    out: Path,
    *,
    data: str = "",
    experiment: str = "train",
    progress: bool = True,
    figures: bool = True,
) -> Fit:
    """Train a model, score it and keep all of it in a folder: see `fit` and `save_fit`."""
    done = fit(kind, dataset, settings, config, progress)
    save_fit(done, config, out, data=data, experiment=experiment, figures=figures)
    return done


def evaluate(kind: ModelKind, model: keras.Model, signature: ModelSignature | None, dataset: Dataset) -> Evaluation:
    """Score a model that was read from a file on a dataset as it is stored.

    Raises:
        InputError: the dataset has other channels, units or sampling than the model was trained on.
    """
    prepared = kind.prepare(dataset)
    kind.require_task(prepared)
    if signature is not None:
        signature.require_same(prepared)
    return evaluation_of(kind, model, prepared, signature)
