"""Retraining: what a model of the same kind loses when it never sees an input."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from datasets.checksums import content_checksum
from datasets.dataset import Dataset
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.resumable import Planned, ResumableFolder, Work, resumable_folder, run_missing
from neuron_models.foundation.workers import Call, require_workers
from surrogates.importance.groups import Groups, plain_name
from surrogates.importance.plan import Retraining, require_trainable
from surrogates.importance.problem import AttributionProblem
from surrogates.importance.table import Importance, mean
from surrogates.registry import model_kind
from surrogates.responses.experiments.experiment_runs import RUN_FORM, train_run
from surrogates.responses.experiments.experiments import Entry
from surrogates.runs.model_file import load_model
from surrogates.runs.result import MODEL_FILE, versions
from surrogates.training.metrics import predict, target
from surrogates.training.model_kind import complete_settings

_NO_PLAN = "retraining needs a plan (what to train) and a folder to keep its runs in"


def retraining(
    model: Any, problem: AttributionProblem, *, plan: Retraining | None = None, out: Path | None = None, jobs: int = 1
) -> Importance:
    """Train without each input or group, and with all; the effect is the growth of a trial's RMSE.

    Values are means over trials and seeds; with several seeds, the standard error over them is given.

    Args:
        model: not looked at: its kind is trained anew, with all inputs too, so that both errors are of the same kind.
        problem: its trials are scored; those of training and validation are learned.
        plan: what to train.
        out: a folder that keeps the runs, so that the same call continues where it was stopped.
        jobs: processes.

    Raises:
        InputError: no plan or folder, a group of all inputs, no training trials, or `out` holds other runs.
        FloatingPointError: every seed of a variant diverged.
    """
    if plan is None or out is None:
        raise InputError(_NO_PLAN)
    check_retraining(problem, plan=plan, out=out)
    variants = {"all": (), **{f"without-{plain_name(name)}": members for name, members in problem.groups.items()}}
    label = Entry(plan.kind, plan.settings).model_label
    with _opened(problem.whole, variants, out / "retraining" / label, plan) as folders:
        _train_missing(problem.whole, variants, folders, plan, jobs)
        errors = {
            name: np.stack(list(_errors(problem.dataset.without_inputs(unseen), folders[name], plan)))
            for name, unseen in variants.items()
        }
    growth = np.stack([errors[name] - errors["all"] for name in variants if name != "all"], axis=2)
    return _table(problem, growth, plan, label)


def check_retraining(
    problem: AttributionProblem, *, plan: Retraining | None = None, out: Path | None = None, jobs: int = 1
) -> None:
    """Raise an `InputError` if `retraining` cannot run with these settings, before anything is trained."""
    if plan is None or out is None:
        raise InputError(_NO_PLAN)
    require_workers(jobs)
    require_something_left(problem.groups, problem.whole)
    require_trainable(plan, problem.whole)


def require_something_left(groups: Groups, dataset: Dataset) -> None:
    """Raise an `InputError` if a group holds every input, so that nothing is left to learn from."""
    for name, members in groups.items():
        require(
            len(members) < len(dataset.x_names),
            f"retraining without {name} leaves no input: name smaller groups, or choose other methods",
        )


@contextmanager
def _opened(
    dataset: Dataset, variants: Mapping[str, tuple[str, ...]], folder: Path, plan: Retraining
) -> Iterator[dict[str, ResumableFolder]]:
    """A folder for each variant: by its name, which inputs it does not see."""
    data, settings = content_checksum(dataset), complete_settings(model_kind(plan.kind), plan.settings)
    with ExitStack() as stack:
        opened = {}
        for name, unseen in variants.items():
            facts = {"data": data, "without": list(unseen), "kind": plan.kind, "settings": settings, **versions()}
            opened[name] = stack.enter_context(resumable_folder(folder / name, Work("runs", facts), RUN_FORM))
        yield opened


def _run_name(plan: Retraining, seed: int) -> str:
    return f"{plan.epochs}-epochs/seed-{seed}"


def _train_missing(
    dataset: Dataset,
    variants: Mapping[str, tuple[str, ...]],
    folders: Mapping[str, ResumableFolder],
    plan: Retraining,
    jobs: int,
) -> None:
    learned = {name: dataset.without_inputs(unseen) for name, unseen in variants.items()}
    settings = dict(plan.settings)
    wanted = [
        Planned(
            folders[name],
            _run_name(plan, seed),
            Call(train_run, learned[name], (plan.kind, settings, plan.epochs, seed, dataset.name, "importance")),
        )
        for name in variants
        for seed in plan.numbers
    ]
    run_missing(wanted, unit="training", kept=wanted[0].folder.path.parents[1], jobs=jobs)


def _errors(dataset: Dataset, folder: ResumableFolder, plan: Retraining) -> Iterable[Float[np.ndarray, "trial output"]]:
    """The RMSE of every trial and output, for each seed; NaN where it diverged."""
    for seed in plan.numbers:
        run = _run_name(plan, seed)
        if folder.load(run).diverged:
            yield np.full((len(dataset), len(dataset.y_names)), np.nan)
            continue
        responses = predict(load_model(folder.file(run).with_name(MODEL_FILE))[0], dataset)
        errors = [(y - target(trial))[trial.valid()] for y, trial in zip(responses, dataset, strict=True)]
        yield np.stack([np.sqrt(np.mean(error**2, axis=0)) for error in errors])


def _table(
    problem: AttributionProblem, growth: Float[np.ndarray, "seed trial group output"], plan: Retraining, label: str
) -> Importance:
    whole = growth[np.isfinite(growth).all(axis=(1, 2, 3))]
    if len(whole) == 0:
        raise FloatingPointError("retraining diverged with every seed: try another kind of model or more --seeds")
    spread = whole.mean(axis=1).std(axis=0, ddof=1) / np.sqrt(len(whole)) if len(whole) > 1 else None
    by_trial = whole.mean(axis=0)
    return Importance(
        "retraining",
        tuple(problem.groups),
        problem.dataset.y_names,
        problem.dataset.y_units,
        mean(by_trial),
        tuple(trial.name for trial in problem.dataset),
        by_trial,
        "mean",
        standard_error=spread,
        about=problem.about(model=label, epochs=plan.epochs, seeds=len(whole), diverged=len(growth) - len(whole)),
    )
