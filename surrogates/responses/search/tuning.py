"""Tunes a model by search, as the paper chose its settings: activation, learning rate and batch size.

Optuna proposes (tree-structured Parzen estimator), and its journal in the folder remembers. Trainings are judged on
validation alone. A training is one piece, so that bad settings are given up between the seeds of a trial (median
pruner), not between epochs.
"""

import math
import os
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.trial import FrozenTrial, TrialState

from datasets.dataset import Dataset
from datasets.store import file_content_checksum
from neuron_models.foundation.errors import InputError, require, require_seed
from neuron_models.foundation.progress import progress_bar
from neuron_models.foundation.result_forms import JSON_FORM
from surrogates.responses.models.recurrent import ACTIVATIONS
from surrogates.responses.models.table import MODELS
from surrogates.responses.search.search import load_without_test, search_folder
from surrogates.runs.result import versions
from surrogates.training.configuration import TrainingConfig
from surrogates.training.metrics import predict, score
from surrogates.training.model_kind import ModelKind, complete_settings, fit_model, look_up

JOURNAL_FILE = "journal.log"
LEARNING_RATES = (1e-4, 1e-1)
BATCH_SIZES = (8, 16, 32)
_DIVERGED = "diverged"
SECONDS = "seconds"


@dataclass(frozen=True)
class Tuning:
    """What is tuned, how often and how long; every trial is trained from the seeds seed, seed + 1, ..."""

    model: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    trials: int = 40
    epochs: int = 200
    seed: int = 0
    seeds_per_trial: int = 1

    def __post_init__(self) -> None:
        for name in ("trials", "epochs", "seeds_per_trial"):
            value = getattr(self, name)
            require(value >= 1, f"{name.replace('_', ' ')} must be >= 1, got {value}")
        require_seed(self.seed, "seed")
        require_seed(self.seed + self.seeds_per_trial - 1, "the last seed of a trial")
        kind = look_up(self.model, MODELS)
        require(not kind.closed_form, f"model {self.model} is solved at once and has nothing to tune")
        require(kind.objective.squared, f"model {self.model} is not trained for a squared error: tune cannot judge it")
        require("activation" not in self.settings, "the activation is what tune looks for: leave it out")
        complete_settings(look_up(self.model, MODELS), self.settings)

    @property
    def kind(self) -> ModelKind:
        """The builder of the model, and how it is trained."""
        return look_up(self.model, MODELS)

    def config(self, parameters: Mapping[str, Any], run: int = 0) -> TrainingConfig:
        """How a trial of these parameters is trained in its run 0, 1, ..."""
        return TrainingConfig(self.epochs, parameters["batch_size"], parameters["learning_rate"], self.seed + run)

    def model_settings(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The model's settings in a trial of these parameters."""
        own = {"activation": parameters["activation"]} if "activation" in parameters else {}
        return {**self.settings, **own}


def tune(data: Path, tuning: Tuning, out: Path) -> list[FrozenTrial]:
    """Try settings until `tuning.trials` are finished; those that are in the folder already are not repeated.

    Every trial's proposal is drawn from a seed of its own, so that a search that was stopped proposes what it would
    have proposed. Trials that diverged are marked and the others go on.

    Args:
        data: the dataset file; its test trials are dropped before anything else.
        tuning: the model and how it is searched.
        out: the folder; it gets `manifest.json` and Optuna's `journal.log`.

    Returns:
        The finished trials in their order: complete, pruned or failed (diverged); `value` is the validation RMSE in
        the data's units, the mean over the trial's seeds.

    Raises:
        InputError: the data have no validation trials, the model does not fit them, or `out` holds another search.
    """
    dataset = load_without_test(data)
    tuning.kind.build(
        len(dataset.x_names), len(dataset.y_names), **tuning.settings
    )  # a mistake is reported before a file
    with search_folder(out, _fixed(data, tuning), JSON_FORM):
        study = _open_study(out)
        try:
            _try_missing(study, dataset, tuning)
            return finished(study)
        finally:
            if not finished(study):
                (out / JOURNAL_FILE).unlink(missing_ok=True)  # and then the folder, in which nothing is kept


def _try_missing(study: optuna.Study, dataset: Dataset, tuning: Tuning) -> None:
    done = len(finished(study))
    with progress_bar(max(done, tuning.trials), "trial", done) as bar:
        for index in range(done, tuning.trials):
            _try_one(study, dataset, tuning, index)
            bar.set_postfix_str(f"best {best_value(study):.4g}", refresh=False)
            bar.update()


def finished(study: optuna.Study) -> list[FrozenTrial]:
    """The trials that came to an end, be it by divergence; one that was interrupted did not."""
    ended = (TrialState.COMPLETE, TrialState.PRUNED)
    trials = study.get_trials(deepcopy=False)
    return [t for t in trials if t.state in ended or (t.state == TrialState.FAIL and _DIVERGED in t.user_attrs)]


def ranked(trials: list[FrozenTrial]) -> list[FrozenTrial]:
    """The complete trials, best first.

    Raises:
        FloatingPointError: none is complete, all diverged.
    """
    complete = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    if not complete:
        raise FloatingPointError(f"all {len(trials)} trials diverged: there is no best one")
    return sorted(complete, key=lambda trial: (trial.values[0], trial.number))


def best_value(study: optuna.Study) -> float:
    """The smallest validation RMSE so far, NaN before there is one."""
    complete = [t.values[0] for t in finished(study) if t.state == TrialState.COMPLETE]
    return min(complete, default=math.nan)


def _fixed(data: Path, tuning: Tuning) -> dict[str, Any]:
    """What must not change in a folder."""
    return {
        "kind of search": "tune",
        "data": file_content_checksum(data),
        "model": tuning.model,
        "settings": complete_settings(look_up(tuning.model, MODELS), tuning.settings),
        "epochs": tuning.epochs,
        "seed": tuning.seed,
        "number of seeds per trial": tuning.seeds_per_trial,
        **versions(),
        "space": {"activation": ACTIVATIONS, "learning_rate": LEARNING_RATES, "batch_size": BATCH_SIZES},
    }


def _open_study(out: Path) -> optuna.Study:
    """Open the folder's journal; a trial that was interrupted is set aside, a half-written last line cut off.

    Raises:
        InputError: the journal is damaged.
    """
    path = out / JOURNAL_FILE
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    _mend_journal(path)
    try:
        with warnings.catch_warnings(action="ignore", category=optuna.exceptions.ExperimentalWarning):
            storage = optuna.storages.JournalStorage(JournalFileBackend(str(path), lock_obj=_NoLock(str(path))))
        pruner = optuna.pruners.MedianPruner(n_startup_trials=5)
        study = optuna.create_study(storage=storage, study_name="tune", pruner=pruner, load_if_exists=True)
        for trial in study.get_trials(deepcopy=False, states=[TrialState.RUNNING]):
            study.tell(trial.number, state=TrialState.FAIL)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, AssertionError):
        raise InputError(f"{path}: damaged: delete {out} or choose another --out") from None
    return study


class _NoLock(JournalFileOpenLock):
    """Nothing: the folder belongs to this process. A lock of Optuna's own would outlive a process that is killed."""

    def acquire(self) -> bool:
        return True

    def release(self) -> None:
        pass


def _mend_journal(path: Path) -> None:
    """Cut off a last line that was half-written when a process was killed, and remove the locks that one left."""
    for left in path.parent.glob(f"{path.name}.lock*"):
        left.unlink(missing_ok=True)
    if path.exists():
        content = path.read_bytes()
        os.truncate(path, content.rfind(b"\n") + 1)  # at once: a process killed here leaves it whole


def _try_one(study: optuna.Study, dataset: Dataset, tuning: Tuning, index: int) -> None:
    """Propose settings and train with them from every seed."""
    seed = int(np.random.SeedSequence([tuning.seed, index]).generate_state(1)[0])
    study.sampler = optuna.samplers.TPESampler(seed=seed)
    trial = study.ask()
    if "activation" in tuning.kind.settings:
        trial.suggest_categorical("activation", ACTIVATIONS)
    trial.suggest_float("learning_rate", *LEARNING_RATES, log=True)
    trial.suggest_categorical("batch_size", BATCH_SIZES)
    started = time.perf_counter()
    try:
        state, value = _judge(trial, dataset, tuning)
    except FloatingPointError:
        trial.set_user_attr(_DIVERGED, True)
        state, value = TrialState.FAIL, None
    trial.set_user_attr(SECONDS, time.perf_counter() - started)
    study.tell(trial, value, state)


def _judge(trial: optuna.Trial, dataset: Dataset, tuning: Tuning) -> tuple[TrialState, float | None]:
    """Train from one seed after the other; give up where the mean so far is above the median of other trials."""
    errors: list[float] = []
    judge = dataset.by_split()["validation"]
    settings = tuning.model_settings(trial.params)
    for run in range(tuning.seeds_per_trial):
        config = tuning.config(trial.params, run)
        model, _ = fit_model(look_up(tuning.model, MODELS), dataset, config, settings, progress=False)
        errors.append(score(judge, predict(model, judge))["validation"].rmse)
        trial.report(float(np.mean(errors)), run)
        if run + 1 < tuning.seeds_per_trial and trial.should_prune():
            return TrialState.PRUNED, None
    return TrialState.COMPLETE, float(np.mean(errors))
