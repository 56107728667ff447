"""Retraining: what a model of the same kind loses when it never sees an input."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from datasets.dataset import Dataset
from neuron_models.errors import InputError, require, require_seed
from neuron_models.progress import progress_bar
from neuron_models.workers import Call, run_calls
from surrogates.experiments import Entry
from surrogates.importance.groups import Groups
from surrogates.importance.question import Question
from surrogates.importance.table import Importance, mean
from surrogates.metrics import predict, target
from surrogates.model_file import load_model
from surrogates.models import complete_settings, model_kind
from surrogates.result import MODEL_FILE, SCORES_FILE, load_result
from surrogates.runs import claim_runs, keep_run, train_run


@dataclass(frozen=True)
class Retraining:
    """What is trained: a kind of model (one of `MODELS`) with its settings, how long, with how many seeds."""

    kind: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    epochs: int = 1000
    seeds: int = 1
    first_seed: int = 0

    def __post_init__(self) -> None:
        complete_settings(self.kind, self.settings)
        for name in ("epochs", "seeds"):
            require(getattr(self, name) >= 1, f"retraining: {name} must be >= 1, got {getattr(self, name)}")
        require_seed(self.first_seed, "retraining: first_seed")

    @property
    def numbers(self) -> tuple[int, ...]:
        """The seeds; one alone for a model that needs none."""
        number = self.seeds if "seed" in model_kind(self.kind).settings else 1
        return tuple(range(self.first_seed, self.first_seed + number))


def retraining_like(model: Path, **how: int) -> Retraining:
    """The retraining of the model in a folder that `wormtwin train` wrote: its kind and settings.

    Args:
        model: the model file.
        how: epochs, seeds, first_seed.

    Raises:
        InputError: there is no `scores.json` beside the model, or it cannot be read.
    """
    scores = model.parent / SCORES_FILE
    if not scores.is_file():
        raise InputError(
            f"retraining needs {SCORES_FILE} beside {model}, which says what to train: "
            "say it with --retrain, such as --retrain 'gru units=8', or choose other methods"
        )
    found = load_result(scores)
    return Retraining(found.model, found.settings, **how)


def retraining(
    model: Any, question: Question, *, plan: Retraining | None = None, out: Path | None = None, jobs: int = 1
) -> Importance:
    """Train without each input or group, and with all; the effect is the growth of a trial's RMSE.

    Values are means over trials and seeds; with several seeds, the standard error over them is given.

    Args:
        model: not looked at: its kind is trained anew, with all inputs too, so that both errors are of the same kind.
        question: its trials are scored; those of training and validation are learned.
        plan: what to train.
        out: a folder that keeps the runs, so that the same call goes on where it was stopped.
        jobs: processes.

    Raises:
        InputError: no plan or folder, a group of all inputs, no training trials, or `out` holds other runs.
        FloatingPointError: every seed of a variant diverged.
    """
    if plan is None or out is None:
        raise InputError("retraining needs a plan (what to train) and a folder to keep its runs in")
    require_something_left(question.groups, question.whole)
    variants = {"all": (), **{f"without-{name}": members for name, members in question.groups.items()}}
    label = Entry(plan.kind, plan.settings).model_label
    folders = {name: out / "retraining" / f"{plan.epochs}-epochs" / name / label for name in variants}
    fingerprint = _fingerprint(question.whole)
    for name, unseen in variants.items():
        facts = {"data": fingerprint, "without": list(unseen), "epochs": plan.epochs}
        claim_runs(folders[name].parent, facts)
    _train_missing(question.whole, variants, folders, plan, jobs)
    errors = {
        name: np.stack(list(_errors(question.dataset.without_inputs(unseen), folders[name], plan)))
        for name, unseen in variants.items()
    }
    growth = np.stack([errors[name] - errors["all"] for name in variants if name != "all"], axis=2)
    return _table(question, growth, plan, label)


def require_something_left(groups: Groups, dataset: Dataset) -> None:
    """Raise an `InputError` if a group holds every input, so that nothing is left to learn from."""
    for name, members in groups.items():
        require(
            len(members) < len(dataset.x_names),
            f"retraining without {name} leaves no input: name smaller groups, or choose other methods",
        )


def _train_missing(
    dataset: Dataset,
    variants: Mapping[str, tuple[str, ...]],
    folders: Mapping[str, Path],
    plan: Retraining,
    jobs: int,
) -> None:
    runs = [(name, seed, folders[name] / f"seed-{seed}") for name in variants for seed in plan.numbers]
    missing = [run for run in runs if not (run[2] / SCORES_FILE).exists()]
    learned = {name: dataset.without_inputs(variants[name]) for name, _, _ in missing}
    settings = dict(plan.settings)
    calls = [
        Call(train_run, learned[name], (plan.kind, settings, plan.epochs, seed, dataset.name, "importance"))
        for name, seed, _ in missing
    ]
    kept = f"the finished trainings are kept in {next(iter(folders.values())).parents[1]}"
    with (
        run_calls(calls, jobs=jobs, kept=kept) as finished,
        progress_bar(len(runs), "training", len(runs) - len(missing)) as bar,
    ):
        for place, files in finished:
            keep_run(files, missing[place][2])
            bar.update()


def _errors(dataset: Dataset, folder: Path, plan: Retraining) -> Iterable[Float[np.ndarray, "trial output"]]:
    """The RMSE of every trial and output, for each seed; NaN where it diverged."""
    for seed in plan.numbers:
        run = folder / f"seed-{seed}"
        if load_result(run / SCORES_FILE).diverged:
            yield np.full((len(dataset), len(dataset.y_names)), np.nan)
            continue
        responses = predict(load_model(run / MODEL_FILE)[0], dataset)
        errors = [(y - target(trial))[trial.valid()] for y, trial in zip(responses, dataset, strict=True)]
        yield np.stack([np.sqrt(np.mean(error**2, axis=0)) for error in errors])


def _table(
    question: Question, growth: Float[np.ndarray, "seed trial group output"], plan: Retraining, label: str
) -> Importance:
    whole = growth[np.isfinite(growth).all(axis=(1, 2, 3))]
    if len(whole) == 0:
        raise FloatingPointError("retraining diverged with every seed: try another kind of model or more --seeds")
    spread = whole.mean(axis=1).std(axis=0, ddof=1) / np.sqrt(len(whole)) if len(whole) > 1 else None
    by_trial = whole.mean(axis=0)
    return Importance(
        "retraining",
        tuple(question.groups),
        question.dataset.y_names,
        question.dataset.y_units,
        mean(by_trial),
        tuple(trial.name for trial in question.dataset),
        by_trial,
        "mean",
        standard_error=spread,
        about=question.about(model=label, epochs=plan.epochs, seeds=len(whole), diverged=len(growth) - len(whole)),
    )


def _fingerprint(dataset: Dataset) -> str:
    """SHA-256 of all that is learned."""
    digest = hashlib.sha256(repr((dataset.x_names, dataset.y_names, [trial.split for trial in dataset])).encode())
    for trial in dataset:
        for array in (trial.x, target(trial), trial.weight):
            digest.update(b"none" if array is None else np.ascontiguousarray(array[:]).tobytes())
    return digest.hexdigest()
