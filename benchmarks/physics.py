"""Bands, chosen stimuli and few training trials: what is known of a surrogate's error, and what less data cost.

    python benchmarks/physics.py simulate --trials 700 --out random.h5
    python benchmarks/physics.py bands random.h5 --model run/model.keras --calibrate 190
    python benchmarks/physics.py chosen random.h5 --repeats 10

`simulate` writes random stimuli in the order in which they are drawn, answered by the linear engine with its synapses;
`bands` calibrates on the first of them and counts the others; `chosen` compares stimuli chosen by leverage, by
farthest-point sampling and at random; `few` trains constrained models on fewer trials.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from machine import describe

from connectome.network import build_network, default_settings
from connectome.random_stimuli import farthest_points, random_pool
from connectome.scenario import load_scenario
from connectome.wiring import load_connectome
from datasets.dataset import Dataset, Trial
from datasets.store import load_dataset, save_dataset
from neuron_models.circuit import Site
from neuron_models.linear.simulation import LinearSimulation
from surrogates.responses.models.table import MODELS
from surrogates.responses.next_stimuli import grow_volume
from surrogates.runs.bands import calibrate, mean_width, trial_score
from surrogates.runs.model_file import load_model
from surrogates.runs.stimuli import filtered, trained_stimuli
from surrogates.training.configuration import TrainingConfig
from surrogates.training.metrics import predict, score
from surrogates.training.model_kind import fit_model

COVERAGE = 0.9
SIZES = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20)


def simulate(number: int, out: Path) -> None:
    """Random stimuli on the placed network with all contacts, in the order in which they are drawn."""
    scenario = random_pool(load_scenario("fcm"), number, seed=0)
    settings = default_settings(scenario, "linear")
    simulation = LinearSimulation(build_network(load_connectome("placed")))
    sites, trials, started = [Site(name) for name in scenario.outputs], [], time.process_time()
    for place, name in enumerate(scenario.sequences):
        y = simulation.run(scenario.clamps(place), sites, settings)[: scenario.samples] / 1000
        trials.append(Trial(name, scenario.values(place), y, group=name))
    dataset = Dataset("random", tuple(trials), scenario.dt, scenario.inputs, scenario.outputs, "nA", "V")
    save_dataset(replace(dataset, extra={"scenario": "fcm"}), out)
    print(f"{number} trials in {time.process_time() - started:.0f} s of processor time")


def bands(dataset: Dataset, model_file: Path, number: int) -> None:
    """Coverage and width on all trials after the first `number`, which calibrate."""
    model, _ = load_model(model_file)
    answers = predict(model, dataset)
    measured = [np.asarray(trial.y) for trial in dataset]
    rest = measured[0][0]
    found = calibrate(answers[:number], measured[:number], rest, COVERAGE)
    new = list(zip(answers[number:], measured[number:], strict=True))
    scores = np.array([trial_score(found, y, m) for y, m in new])
    width = 1000 * mean_width(found, answers[number:])
    error = 1000 * np.sqrt(np.mean([(y - m) ** 2 for y, m in new]))
    print(
        f"{model.name}: {100 * np.mean(scores <= 1):.1f} % of {len(new)} new trials lie in the band whole "
        f"(asked {100 * COVERAGE:g} %, {found.trials} trials gave it); {width:.2f} mV wide, RMSE {error:.2f} mV"
    )


def warned(dataset: Dataset, fcm: Dataset) -> None:
    """How often a stimulus is told to be unlike the published training: random ones, doubled ones, noise."""
    known = trained_stimuli(fcm)
    rng = np.random.default_rng(0)
    noise = rng.uniform(0, 2, (50, *np.asarray(fcm.trials[0].x).shape))
    kinds = {
        "published test": [np.asarray(t.x) for t in fcm.by_split()["test"]],
        "published test, doubled": [2 * np.asarray(t.x) for t in fcm.by_split()["test"]],
        "random stimuli": [np.asarray(t.x) for t in dataset],
        "white noise": list(noise),
    }
    for name, stimuli in kinds.items():
        told = [bool(known.unlike(x, fcm.x_names, "nA")) for x in stimuli]
        print(f"{name}: {100 * np.mean(told):.0f} % of {len(told)} are told to be unlike the training")


def chosen(dataset: Dataset, repeats: int) -> None:
    """Test error of `modal` against the number of training trials, by how they were chosen from 100."""
    curves: dict[str, list[list[float]]] = {"random": [], "farthest-point": [], "leverage": []}
    for repeat in range(repeats):
        order = np.random.default_rng(repeat).permutation(len(dataset))
        pool, held, tested = order[:100], order[100:110], order[110:210]
        for how, rows in curves.items():
            kept = [int(pool[i]) for i in _chosen(how, dataset, pool, repeat)]
            rows.append([_error(dataset, kept[:n], held, tested) for n in SIZES])
    for how, rows in curves.items():
        print(
            f"{how}: " + ", ".join(f"{n} {1000 * e:.2f}" for n, e in zip(SIZES, np.median(rows, axis=0), strict=True))
        )
    for n in (10, 20):
        wanted = np.median(curves["random"], axis=0)[SIZES.index(n)]
        reached = {how: _reached(np.median(rows, axis=0), wanted) for how, rows in curves.items()}
        print(f"trials to reach the error of {n} random ones, {1000 * wanted:.2f} mV: {reached}")


def _chosen(how: str, dataset: Dataset, pool: np.ndarray, seed: int) -> list[int]:
    stimuli = [np.asarray(dataset.trials[i].x, float) for i in pool]
    if how == "random":
        return list(range(SIZES[-1]))
    if how == "farthest-point":
        return farthest_points(np.array([x.reshape(50, -1, x.shape[1]).mean(1).ravel() for x in stimuli]), SIZES[-1])
    seen = [filtered(x) for x in stimuli]
    mean = np.mean([each.T @ each / len(each) for each in seen], axis=0)
    values, vectors = np.linalg.eigh(mean)
    root = vectors / np.sqrt(values)
    grams = np.stack([root.T @ (each.T @ each) @ root / len(each) for each in seen])
    return grow_volume(grams, 1e-2 * np.eye(len(root)), SIZES[-1])


def _error(dataset: Dataset, kept: list[int], held: np.ndarray, tested: np.ndarray) -> float:
    parts = [(kept, "train"), (held, "validation"), (tested, "test")]
    trials = tuple(replace(dataset.trials[int(i)], split=split) for places, split in parts for i in places)
    part = replace(dataset, trials=trials)
    model, _ = fit_model(MODELS["modal"], part, TrainingConfig(), {"ridge": -6}, progress=False)
    return score(part, predict(model, part))["test"].rmse


def _reached(curve: np.ndarray, wanted: float) -> int | None:
    below = [n for n, e in zip(SIZES, curve, strict=True) if e <= wanted * (1 + 1e-9)]
    return below[0] if below else None


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("simulate", "bands", "chosen"))
    parser.add_argument("data", nargs="?", type=Path)
    parser.add_argument("--model", type=Path, action="append", default=[])
    parser.add_argument("--fcm", type=Path)
    parser.add_argument("--trials", type=int, default=700)
    parser.add_argument("--calibrate", type=int, default=190)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    print(describe())
    if asked.what == "simulate":
        simulate(asked.trials, asked.out)
        return
    dataset = load_dataset(asked.data)
    for path in asked.model:
        bands(dataset, path, asked.calibrate)
    if asked.fcm is not None:
        warned(dataset, load_dataset(asked.fcm))
    if asked.what == "chosen":
        chosen(dataset, asked.repeats)


if __name__ == "__main__":
    main()
