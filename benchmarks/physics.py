"""Bands, chosen stimuli and few training trials: what is known of a surrogate's error, and what less data cost.

    python benchmarks/physics.py simulate --trials 700 --out random.h5
    python benchmarks/physics.py bands random.h5 --model run/model.keras --calibrate 190
    python benchmarks/physics.py chosen random.h5 --repeats 10

`simulate` writes random stimuli in the order in which they are drawn, answered without chemical synapses;
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

from connectome.network import default_settings
from connectome.random_stimuli import farthest_points, random_pool
from connectome.scenario import load_scenario
from connectome.wiring import load_connectome
from datasets.dataset import Dataset, Trial
from datasets.store import load_dataset, save_dataset
from neuron_models.circuit import Site
from neuron_models.linear.simulation import LinearSimulation
from surrogates.responses.derived.derivation import linear_network
from surrogates.responses.models.modal import fit_modal
from surrogates.responses.models.table import MODELS
from surrogates.responses.next_stimuli import grow_volume
from surrogates.runs.bands import calibrate, mean_width, trial_score
from surrogates.runs.model_file import load_model
from surrogates.runs.stimuli import filtered, trained_stimuli
from surrogates.steps.layers import step_of
from surrogates.steps.running import resting, run_step
from surrogates.training.metrics import predict

COVERAGE = 0.9
SIZES = (2, 3, 4, 5, 7, 10, 14, 20)


def simulate(number: int, out: Path) -> None:
    """Random stimuli on the placed network without chemical synapses, in the order in which they are drawn."""
    scenario = random_pool(load_scenario("fcm"), number, seed=0)
    settings, started = default_settings(scenario, "linear"), time.process_time()
    simulation = LinearSimulation(linear_network(load_connectome("placed")))
    sites, stimuli = [Site(name) for name in scenario.outputs], [scenario.clamps(n) for n in range(number)]
    answers = simulation.run_many(stimuli, sites, settings)[:, : scenario.samples] / 1000
    pairs = enumerate(zip(scenario.sequences, answers, strict=True))
    trials = tuple(Trial(name, scenario.values(n), y, group=name) for n, (name, y) in pairs)
    dataset = Dataset("random", trials, scenario.dt, scenario.inputs, scenario.outputs, "nA", "V")
    save_dataset(replace(dataset, extra={"scenario": "fcm"}), out)
    print(f"{number} trials in {time.process_time() - started:.0f} s of processor time", flush=True)


def bands(dataset: Dataset, model_file: Path, number: int, draws: int = 20) -> None:
    """Coverage and width on all trials but `number` that calibrate; these are drawn anew so many times."""
    model, _ = load_model(model_file)
    answers = predict(model, dataset)
    measured = [np.asarray(trial.y) for trial in dataset]
    inside, widths = [], []
    for draw in range(draws):
        order = np.random.default_rng(draw).permutation(len(dataset))
        known, new = order[:number], order[number:]
        found = calibrate([answers[i] for i in known], [measured[i] for i in known], measured[0][0], COVERAGE, draw)
        inside.append(100 * np.mean([trial_score(found, answers[i], measured[i]) <= 1 for i in new]))
        widths.append(1000 * mean_width(found, [answers[i] for i in new]))
    error = 1000 * np.sqrt(np.mean([(y - m) ** 2 for y, m in zip(answers, measured, strict=True)]))
    print(
        f"{model.name}: {np.mean(inside):.1f} % (sd {np.std(inside):.1f}, {min(inside):.1f} to {max(inside):.1f}) of "
        f"{len(dataset) - number} new trials lie in the band, nominal {100 * COVERAGE:g} %, {found.trials} trials "
        f"gave it; {np.mean(widths):.2f} mV wide, RMSE {error:.2f} mV",
        flush=True,
    )


def warned(dataset: Dataset, fcm: Dataset) -> None:
    """How often a stimulus is called unlike the published training: random ones, doubled ones, noise."""
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
        flagged = [bool(known.unlike(x, fcm.x_names, "nA")) for x in stimuli]
        print(f"{name}: {100 * np.mean(flagged):.0f} % of {len(flagged)} are called unlike the training")


def chosen(dataset: Dataset, repeats: int) -> None:
    """Test error of `modal` against the number of training trials, by how they were chosen from 100."""
    curves: dict[str, list[list[float]]] = {"random": [], "farthest-point": [], "leverage": []}
    for repeat in range(repeats):
        order = np.random.default_rng(repeat).permutation(len(dataset))
        pool, tested = order[:100], order[100:150]
        for how, rows in curves.items():
            kept = [int(pool[i]) for i in _chosen(how, dataset, pool, repeat)]
            rows.append([_error(dataset, kept[:n], tested) for n in SIZES])
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


def _error(dataset: Dataset, kept: list[int], tested: np.ndarray) -> float:
    """The test RMSE of `modal`, with a fixed ridge, that learned some trials; its step is run in numpy."""
    part = replace(dataset, trials=tuple(replace(dataset.trials[i], split="train") for i in kept))
    model = MODELS["modal"].build(len(dataset.x_names), len(dataset.y_names), ridge=-6)
    fit_modal(part)(model)
    x = np.stack([np.asarray(dataset.trials[i].x) for i in tested])
    y = np.stack([np.asarray(dataset.trials[i].y) for i in tested])
    step = step_of(model)
    return float(np.sqrt(((run_step(step, x, resting(step, len(x)))[0] - y) ** 2).mean()))


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
    options = parser.parse_args()
    print(describe())
    if options.what == "simulate":
        simulate(options.trials, options.out)
    dataset = load_dataset(options.data if options.what != "simulate" else options.out)
    for path in options.model:
        bands(dataset, path, options.calibrate)
    if options.fcm is not None:
        warned(dataset, load_dataset(options.fcm))
    if options.what == "chosen":
        chosen(dataset, options.repeats)


if __name__ == "__main__":
    main()
