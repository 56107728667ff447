"""All models on all combinations of training worms; every run is on disk as soon as it is finished."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from datasets.calcium.state_rules import state_rule
from datasets.calcium.states import apply_rule
from datasets.checksums import content_checksum
from datasets.dataset import Dataset
from neuron_models.foundation.errors import require
from neuron_models.foundation.result_forms import JSON_FORM
from neuron_models.foundation.resumable import Planned, ResumableFolder, Work, finished_results, resumable_folder
from neuron_models.foundation.workers import Call, require_workers
from surrogates.calcium.states.inputs import Inputs, choose_inputs
from surrogates.calcium.states.models import STATE_MODELS
from surrogates.calcium.states.protocol import FoldTraining, evaluate_set, training_sets
from surrogates.calcium.states.reading import COMMAND_NEURONS, READ, read_models, without_neurons
from surrogates.runs.result import versions
from surrogates.training.model_kind import full_names

PREFIX = "calcium_"
RULES = ("two", "four", "seven")
"""State rules that are measured when none are named."""
WITHOUT = "without-AVA-"
_READ = ("calcium_logistic", "calcium_mlp", "calcium_gnn")
"""Models that are read."""
_DEAREST = ("calcium_gnn", "calcium_gnn_one_hot", "calcium_gnn_static", "calcium_gnn_gru", "calcium_gru", "calcium_gat")
"""Models that take longest, which begin first."""


@dataclass(frozen=True, eq=False)
class Benchmark:
    """What was measured: by rule, model and training worms the records of every fold, and the inputs chosen.

    `reading` holds, of the first rule, inferred edges, occlusion, and the records of training without AVA by model.
    """

    dataset: Dataset
    rules: tuple[str, ...]
    models: tuple[str, ...]
    training: FoldTraining
    records: Mapping[tuple[str, str, tuple[int, ...]], list[dict[str, Any]]]
    inputs: Mapping[tuple[str, tuple[int, ...]], Inputs]
    reading: Mapping[str, Any]


def run_benchmark(
    dataset: Dataset,
    out: Path,
    *,
    rules: Sequence[str] = RULES,
    models: Sequence[str] = (),
    jobs: int = 1,
    training: FoldTraining | None = None,
) -> Benchmark:
    """Measure models on every combination of training worms; what is on disk already is not repeated.

    Args:
        dataset: recordings with states, to which no rule was applied.
        out: the folder; a run lies in `runs/<rule>/<model>.json`.
        rules: of `STATE_RULES`, or written out.
        models: of `STATE_MODELS`, with or without `calcium_`; all when empty.
        jobs: processes.
        training: how to train.

    Raises:
        InputError: an unknown rule or model, a single worm, or a folder of other data.
    """
    require_workers(jobs)
    require(len(dataset) >= 2, f"to leave a worm out takes two worms or more, dataset {dataset.name!r} has one")
    names, training = chosen_models(models), training or FoldTraining()
    require(len(set(rules)) == len(rules) > 0, "the state rules must be named once each")
    ruled = {rule: apply_rule(dataset, state_rule(rule)) for rule in rules}
    work = Work("runs", {"data": content_checksum(dataset), **asdict(training), **versions()})
    with resumable_folder(out / "runs", work, JSON_FORM, out) as kept:
        inputs = _chosen_inputs(ruled, kept, jobs)
        records = _measured(ruled, names, inputs, training, kept, jobs)
        reading = {rule: _read(ruled[rule], rule, names, inputs, training, kept, jobs) for rule in rules[:1]}
    return Benchmark(dataset, tuple(rules), names, training, records, inputs, reading)


def chosen_models(models: Sequence[str]) -> tuple[str, ...]:
    """Full names of some models of states; all when none are named (see `full_names`)."""
    return full_names(models, STATE_MODELS, PREFIX, "behaviour states")


def _chosen_inputs(
    ruled: Mapping[str, Dataset], kept: ResumableFolder, jobs: int
) -> dict[tuple[str, tuple[int, ...]], Inputs]:
    """Smoothing and scaling for every rule and combination of training worms, each chosen from these worms alone."""
    plan = {
        (rule, worms): Planned(kept, _inputs_name(rule, worms), Call(_choose, dataset.select(worms)))
        for rule, dataset in ruled.items()
        for worms in training_sets(len(dataset))
    }
    return {each: Inputs(**found) for each, found in finished_results(plan, unit="choice", jobs=jobs).items()}


def _measured(
    ruled: Mapping[str, Dataset],
    models: Sequence[str],
    inputs: Mapping[tuple[str, tuple[int, ...]], Inputs],
    training: FoldTraining,
    kept: ResumableFolder,
    jobs: int,
) -> dict[tuple[str, str, tuple[int, ...]], list[dict[str, Any]]]:
    """Every run, those that are missing made, the dearest models first."""
    sets = training_sets(len(next(iter(ruled.values()))))
    ordered = sorted(models, key=lambda m: _DEAREST.index(m) if m in _DEAREST else len(_DEAREST))
    # A program is compiled once a model and state rule: all combinations of worms are one run.
    plan = {
        (rule, model): Planned(
            kept,
            f"{_plain(rule)}/{model}",
            Call(_run, ruled[rule], (model, [(worms, inputs[rule, worms]) for worms in sets], training)),
            f"{model.removeprefix(PREFIX)}, {rule}",
        )
        for model in ordered
        for rule in ruled
    }
    done = finished_results(plan, unit="run", jobs=jobs)
    return {(rule, model, tuple(run["worms"])): run["records"] for (rule, model), runs in done.items() for run in runs}


def _read(
    dataset: Dataset,
    rule: str,
    models: Sequence[str],
    inputs: Mapping[tuple[str, tuple[int, ...]], Inputs],
    training: FoldTraining,
    kept: ResumableFolder,
    jobs: int,
) -> dict[str, Any]:
    """What the models look at, and how they do without AVA where it was recorded."""
    chosen = {worms: found for (of, worms), found in inputs.items() if of == rule}
    hidden = [name for name in COMMAND_NEURONS if name in dataset.x_names]
    test = [model for model in _READ if model in models]
    calls = {"reading": Call(read_models, dataset, (chosen, test, training))} if READ in models else {}
    if hidden and len(hidden) < len(dataset.x_names):
        calls |= {
            f"{WITHOUT}{model}": Call(without_neurons, dataset, (chosen, model, training, hidden)) for model in test
        }
    plan = {name: Planned(kept, f"{_plain(rule)}/reading/{name}", call) for name, call in calls.items()}
    return finished_results(plan, unit="reading", jobs=jobs)


def _choose(dataset: Dataset) -> dict[str, Any]:
    return asdict(choose_inputs(dataset))


def _run(
    dataset: Dataset, model: str, chosen: Sequence[tuple[tuple[int, ...], Inputs]], training: FoldTraining
) -> list[dict]:
    """All combinations of training worms, in whatever process this is."""
    trained = []
    for number, (worms, inputs) in enumerate(chosen):
        records = evaluate_set(dataset, model, worms, inputs, replace(training, seed=training.seed + number))
        trained.append({"worms": list(worms), "inputs": asdict(inputs), "records": records})
    return trained


def _inputs_name(rule: str, worms: Sequence[int]) -> str:
    return f"{_plain(rule)}/inputs/{'-'.join(str(worm + 1) for worm in worms)}"


def _plain(rule: str) -> str:
    """The folder of a rule: its name, or for one that is written out a name that no other has."""
    plain = "".join(letter if letter.isalnum() or letter in "_-+" else "-" for letter in rule)[:100]
    return plain if plain == rule else f"{plain}-{hashlib.sha256(rule.encode()).hexdigest()[:8]}"
