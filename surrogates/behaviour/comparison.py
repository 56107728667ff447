"""Models, a random forest, the prior and people, judged on the same recordings by the same scores."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Int

from datasets.behaviour.importing import labels_of, require_behaviours
from datasets.behaviour.label_files import load_behaviour_labels
from datasets.behaviour.labels import UNLABELLED
from datasets.behaviour.scoring import Agreement, agreement
from datasets.dataset import Dataset, classes_of
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.units import Dimensionless
from neuron_models.foundation.wording import counted
from surrogates.behaviour.evaluation import calibration_error
from surrogates.behaviour.models import BEHAVIOUR_MODELS
from surrogates.runs.fitting import evaluate, evaluation_of
from surrogates.runs.model_file import load_model
from surrogates.training.configuration import TrainingConfig
from surrogates.training.model_kind import fit_model

FOREST, PRIOR = "behaviour_forest", "prior"


@dataclass(frozen=True)
class Judged:
    """Who was judged, how it agrees with the labels, and its expected calibration error (NaN for people)."""

    name: str
    score: Agreement
    calibration: Dimensionless


def judge(dataset: Dataset, models: Sequence[Path], raters: Sequence[Path] = ()) -> tuple[str, list[Judged]]:
    """Judge models, a random forest and the prior of the training recordings, and people, on what was not learned.

    Args:
        dataset: as it is stored, with labels; its test recordings are judged, else those that do not train, else all.
        models: their files.
        raters: other people's labels of the one recording that is judged.

    Returns:
        The part that was judged, and a row each: models, the forest (unless it is one of them), the prior, people.

    Raises:
        InputError: no labels, a file that holds no model of behaviours, or raters of several recordings.
    """
    require_behaviours(dataset)
    classes_of(dataset)
    part, rows = _judged(dataset)
    chosen = [dataset.trials[row].name for row in rows]
    judged, names = [], []
    for path in models:
        name, score = _of_file(path, dataset, chosen)
        judged.append(score)
        names.append(name)
    if "train" in dataset.by_split():
        if FOREST not in names:
            judged.append(_forest(dataset, chosen))
        judged.append(_prior(dataset, rows))
    judged += [_of_rater(path, dataset, rows) for path in raters]
    return part, judged


def _judged(dataset: Dataset) -> tuple[str, list[int]]:
    parts = dataset.by_part()
    part = next((each for each in ("test", "validation", "all") if each in parts), "train")
    return part, parts[part]


def _of_file(path: Path, dataset: Dataset, chosen: Sequence[str]) -> tuple[str, Judged]:
    network, signature = load_model(path)
    if signature is None or signature.model not in BEHAVIOUR_MODELS:
        raise InputError(f"{path} is no model of behaviours")
    done = evaluate(BEHAVIOUR_MODELS[signature.model], network, signature, dataset)
    name = f"{signature.model} ({path.parent.name or path.name})"
    return signature.model, _of_evaluation(name, done, chosen)


def _forest(dataset: Dataset, chosen: Sequence[str]) -> Judged:
    """A random forest of 60 trees on the same features."""
    kind = BEHAVIOUR_MODELS[FOREST]
    prepared = kind.prepare(dataset)
    if kind.require_trainable is not None:
        kind.require_trainable(kind, prepared)
    model, _ = fit_model(kind, prepared, TrainingConfig(), {"trees": 60}, progress=False)
    return _of_evaluation(FOREST, evaluation_of(kind, model, prepared, None), chosen)


def _of_evaluation(name: str, done, chosen: Sequence[str]) -> Judged:
    """The row of the recordings that are judged."""
    rows = [index for index, trial in enumerate(done.dataset) if trial.name in chosen]
    true = [labels_of(done.dataset.trials[row]) for row in rows]
    score = agreement(true, [done.predicted[row] for row in rows], classes_of(done.dataset))
    chances = np.concatenate([done.chances[row] for row in rows])
    return Judged(name, score, calibration_error(chances, np.concatenate(true)))


def _prior(dataset: Dataset, rows: Sequence[int]) -> Judged:
    """The commonest behaviour of the training recordings everywhere, with their shares for probabilities."""
    classes = classes_of(dataset)
    taught = np.concatenate([labels_of(trial) for trial in dataset.by_split()["train"]])
    shares = np.bincount(taught[taught != UNLABELLED], minlength=len(classes)) / max(1, (taught != UNLABELLED).sum())
    true = [labels_of(dataset.trials[row]) for row in rows]
    predicted = [np.full(len(each), int(np.argmax(shares))) for each in true]
    seen = np.concatenate(true)
    chances = np.broadcast_to(shares, (len(seen), len(classes)))
    return Judged(PRIOR, agreement(true, predicted, classes), calibration_error(chances, seen))


def _of_rater(path: Path, dataset: Dataset, rows: Sequence[int]) -> Judged:
    require(len(rows) == 1, f"{path} labels one recording, {counted(len(rows), 'recording')} are judged")
    classes, true = classes_of(dataset), labels_of(dataset.trials[rows[0]])
    labels = load_behaviour_labels(path, 1000 / dataset.dt)
    predicted: Int[np.ndarray, " _"] = labels.by_frame(len(true), classes, "none" if "none" in classes else "")
    return Judged(path.stem, agreement([true], [predicted], classes), float("nan"))
