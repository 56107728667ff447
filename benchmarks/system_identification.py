"""How close models come to public benchmarks of system identification, after the warm-up, in free run on one core.

    python benchmarks/system_identification.py FOLDER [--only silverbox] [--seeds 5]

FOLDER holds the files of the benchmarks' authors: SNLS80mV.csv, WienerHammerBenchMark.mat, dataBenchmark.csv. Published
figures (Champneys et al. 2024, arXiv 2405.10779; Beintema et al. 2021) stand beside those measured. Each run is to
stay below ten minutes of one free core.
"""

import argparse
import os
import time
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import numpy as np

from datasets.dataset import Dataset
from datasets.responses.recorded.recipes import read_recipe
from surrogates.registry import model_kind, train_model
from surrogates.training.configuration import TrainingConfig
from surrogates.training.metrics import predict, score

FILES = {
    "silverbox": "SNLS80mV.csv",
    "wiener-hammerstein": "WienerHammerBenchMark.mat",
    "cascaded-tanks": "dataBenchmark.csv",
}
WELL = {"scale": True, "anneal": True}
SECOND_ORDER = {"epochs": 1, "learning_rate": 1e-5}
"""All but the steps of Levenberg and Marquardt left out."""
RUNS = {
    "silverbox": [
        ("state_space", {"order": 2}, {}, "6.96, 14.4, 6.58"),
        ("lfr", {"order": 2, "units": 6}, {**SECOND_ORDER, "polish": 100}, "0.36, 1.4, 0.32"),
        ("gru", {"units": 16}, {"epochs": 1500, "learning_rate": 0.01, "polish": 1500, **WELL}, "1.49, 2.80, 0.947"),
    ],
    "wiener-hammerstein": [
        ("state_space", {}, {}, "43.4"),
        ("lfr", {"order": 6, "units": 15}, {**SECOND_ORDER, "polish": 200}, "0.241 to 1.2"),
        ("gru", {"units": 16}, {"epochs": 1500, "learning_rate": 0.01, "polish": 1500, **WELL}, "3.97"),
        ("lstm", {"units": 16}, {"epochs": 1500, "learning_rate": 0.01, "polish": 1500, **WELL}, "4.45"),
    ],
    "cascaded-tanks": [
        ("state_space", {"order": 2}, {"polish": 60}, "588"),
        ("state_space", {"order": 3}, {"polish": 60}, "588"),
        ("lfr", {"order": 2, "units": 4}, {**SECOND_ORDER, "polish": 100, "weight_decay": 0.001}, "191 to 396"),
    ],
}
"""Model, its settings, its training, and published RMSE of each test in thousandths of the unit."""


def measured(dataset: Dataset, name: str, settings: dict, steps: dict, seed: int) -> tuple[list[float], float]:
    """RMSE of each test in thousandths of the data's units, and the processor seconds of the training."""
    kind = model_kind(name)
    config = TrainingConfig(**{"learning_rate": kind.learning_rate, **kind.training_defaults, **steps}, seed=seed)
    started = time.process_time()
    model, _ = train_model(name, dataset, config, settings, progress=False)
    seconds = time.process_time() - started
    return [1000 * each.rmse for each in score(dataset, predict(model, dataset), by_test=True).values()], seconds


def undivided(dataset: Dataset) -> Dataset:
    """The half of the tanks' record that is learned, in one piece: a linear model of known order validates nothing."""
    parts = {trial.split: trial for trial in dataset.trials}
    pieces = [parts[split] for split in ("validation", "train")]  # as they follow each other
    x, y = (np.concatenate([np.asarray(getattr(piece, name)[:]) for piece in pieces]) for name in ("x", "y"))
    return replace(dataset, trials=(replace(parts["train"], x=x, y=y, weight=np.ones(len(x))), parts["test"]))


def main() -> None:
    """Measure, and print a line a model."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", choices=tuple(RUNS), action="append")
    parser.add_argument("--seeds", type=int, default=5)
    given = parser.parse_args()
    for recipe in given.only or RUNS:
        dataset = read_recipe(recipe, given.folder / FILES[recipe])
        for name, settings, steps, published in RUNS[recipe]:
            closed = model_kind(name).closed_form
            seeds = 1 if closed else given.seeds
            data = undivided(dataset) if closed and recipe == "cascaded-tanks" else dataset
            runs = [measured(data, name, settings, steps, seed) for seed in range(seeds)]
            errors = np.array([run for run, _ in runs])
            found = ", ".join(f"{m:.3g} ± {s:.2g}" for m, s in zip(errors.mean(0), errors.std(0), strict=True))
            seconds = np.mean([each for _, each in runs])
            print(f"{recipe}: {name} {settings}: {found} (published {published}), {seconds:.0f} s of CPU", flush=True)


if __name__ == "__main__":
    main()
