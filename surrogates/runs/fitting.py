"""One way from a dataset to a trained model: prepare, fit, score, save; and from a model file to its scores."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from datasets.dataset import Dataset
from surrogates.backend import keras
from surrogates.runs.learned import as_learned, learned_of
from surrogates.runs.model_file import ModelSignature
from surrogates.runs.result import versions
from surrogates.runs.run_folder import save_run, save_scores
from surrogates.runs.stimuli import trained_stimuli
from surrogates.training.checkpoint import Checkpoints
from surrogates.training.configuration import Training, TrainingConfig
from surrogates.training.model_kind import Evaluation, ModelKind, complete_settings, fit_model

UNFINISHED = "unfinished"
"""The folder of a training on its way, in that of the run."""


@dataclass(frozen=True, eq=False)
class Fit:
    """A trained model, how its training went, the prepared dataset, the model's signature and its evaluation.

    `note` is what a user should know of the parts that were chosen for them; empty where the dataset says them.
    """

    kind: ModelKind
    model: keras.Model
    training: Training
    dataset: Dataset
    signature: ModelSignature
    evaluation: Any
    note: str = ""


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
    selected = _with_training(kind, kind.select(dataset, config.seed, **chosen))
    prepared, held_out = _held_out(kind, kind.prepare(selected))
    kind.require_task(prepared)
    if kind.require_trainable is not None:
        kind.require_trainable(kind, prepared)
    learned = learned_of(dataset, selected, held_out, config.seed, chosen)
    stimuli = trained_stimuli(prepared) if not kind.recorded_name else None
    signature = replace(ModelSignature.of(prepared, kind.recorded_name), learned=learned, stimuli=stimuli)
    signature.validate()
    model, training = fit_model(kind, prepared, config, settings, progress)
    evaluation = evaluation_of(kind, model, prepared, signature)
    signature = replace(signature, details={**signature.details, **evaluation.details()})
    return Fit(
        kind, model, training, prepared, signature, evaluation, _note(kind, dataset, selected, prepared, held_out)
    )


def _with_training(kind: ModelKind, dataset: Dataset) -> Dataset:
    """The dataset whose trials of no part train, if none does and the kind of model can hold blocks of them out."""
    if kind.hold_out is None or "train" in dataset.by_split():
        return dataset
    return dataset.with_split([trial.split or "train" for trial in dataset])


def _held_out(kind: ModelKind, prepared: Dataset) -> tuple[Dataset, bool]:
    """The dataset with blocks that validate, where nothing else does; and whether there are any."""
    parts = prepared.by_split()
    if kind.hold_out is None or kind.closed_form or "validation" in parts or "train" not in parts:
        return prepared, False
    dataset = kind.hold_out(prepared)
    return dataset, "validation" in dataset.by_split()


def _note(kind: ModelKind, dataset: Dataset, selected: Dataset, prepared: Dataset, held_out: bool) -> str:
    """Which parts were chosen for a dataset that does not say them."""
    given, taken = (len(each.by_split()["train"]) if "train" in each.by_split() else 0 for each in (dataset, selected))
    text = []
    if not given and taken:
        text.append(
            f"no trial of {dataset.name!r} was in a part: all {taken} train (`wormtwin dataset split FILE "
            f"--leave-out {dataset.trials[-1].group or dataset.trials[-1].name}` leaves one out)"
        )
    if held_out:
        text.append("blocks of the training trials are held out: they are the validation part")
    elif not kind.closed_form and "validation" not in prepared.by_split():
        text.append("there is no validation part: the training loss chooses the epoch")
    return "; ".join(text)


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
        config: of the training.
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
    """Train a model, score it and keep all of it in a folder: see `fit` and `save_fit`.

    Meanwhile its state is kept in `<out>/unfinished` every so often: stopped, the same call continues from there.
    """
    unfinished = out / UNFINISHED
    about = repr((kind.name, sorted(settings.items()), sorted(versions().items())))
    kept = replace(config, checkpoints=Checkpoints(unfinished, about))
    done = fit(kind, dataset, settings, kept, progress)
    save_fit(done, config, out, data=data, experiment=experiment, figures=figures)
    shutil.rmtree(unfinished, ignore_errors=True)
    return done


def evaluate(kind: ModelKind, model: keras.Model, signature: ModelSignature | None, dataset: Dataset) -> Evaluation:
    """Score a model that was read from a file on a dataset as it is stored, by what the model has learned of it.

    Trials that it has not learned are "unseen" (or "test", see `as_learned`), whatever the dataset calls them.

    Raises:
        InputError: the dataset has other channels, units or sampling than the model was trained on.
    """
    prepared = as_learned(kind, signature.learned if signature is not None else None, dataset)
    kind.require_task(prepared)
    if signature is not None:
        signature.require_same(prepared)
    return evaluation_of(kind, model, prepared, signature)
