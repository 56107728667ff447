"""Test RMSE of a GRU over seeds and of the linear model, and the milliseconds of a training epoch.

    taskset -c 0 python benchmarks/training.py [--data fcm.h5] [--units 8] [--seeds 6] [--epochs 1000]

Without --data the FCM dataset is simulated first.
"""

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from machine import describe

from connectome.scenario import load_scenario
from connectome.wiring import load_connectome
from datasets.dataset import Dataset
from datasets.responses.simulation import simulate_dataset
from datasets.store import load_dataset
from surrogates.registry import MODELS, train_model
from surrogates.training.configuration import TrainingConfig
from surrogates.training.metrics import predict, score
from surrogates.training.trainer import train


def simulated() -> Dataset:
    """The 40 FCM sequences at 0.5 ms."""
    with tempfile.TemporaryDirectory() as folder:
        return simulate_dataset(load_scenario("fcm"), load_connectome("placed"), Path(folder) / "fcm.h5", jobs=2)


def epoch_milliseconds(name: str, dataset: Dataset, engine: str, **settings) -> float:
    """The cost of an epoch, validation included: a longer training less a shorter one, so that compiling drops out."""
    seconds = []
    for epochs in (2, 20, 120):  # the first compiles
        model = MODELS[name].build(len(dataset.x_names), len(dataset.y_names), **settings)
        config = TrainingConfig(epochs=epochs, learning_rate=0.01, engine=engine)
        started = time.perf_counter()
        train(model, dataset, config, progress=False)
        seconds.append(time.perf_counter() - started)
    return (seconds[2] - seconds[1]) / 100 * 1000


def main() -> None:
    """Print each seed's figures, then the means beside the published ones."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--units", type=int, default=8)
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--epochs", type=int, default=1000)
    given = parser.parse_args()
    print(describe())
    dataset = load_dataset(given.data) if given.data else simulated()
    dataset = replace(dataset, extra={})
    for name, settings in (("gru", {"units": 8}), ("lstm", {"units": 32}), ("rnn", {"units": 16})):
        for engine in ("fast", "keras"):
            cost = epoch_milliseconds(name, dataset, engine, **settings)
            print(f"{name} {settings}: {cost:.2f} ms an epoch with the engine {engine}", flush=True)
    linear, _ = train_model("linear", dataset, TrainingConfig(), {"lags": 2})
    bound = score(dataset, predict(linear, dataset))["test"].rmse
    tests = []
    for seed in range(given.seeds):
        config = TrainingConfig(epochs=given.epochs, learning_rate=0.05, seed=seed)
        model, training = train_model("gru", dataset, config, {"units": given.units}, progress=False)
        scores = score(dataset, predict(model, dataset))
        tests.append(scores["test"].rmse)
        cells = " ".join(f"{split} {scores[split].rmse:.5f}" for split in scores)
        print(f"GRU-{given.units} seed {seed}: {cells} V, {training.seconds:.1f} s", flush=True)
    print(f"linear model of two lags: test {bound:.5f} V")
    mean = np.mean(tests)
    published = {2: ".0600", 4: ".0117", 8: ".0100", 16: ".00936", 32: ".0123", 64: ".0168"}.get(given.units, "none")
    head = f"GRU-{given.units}, {given.epochs} epochs, mean of {given.seeds} seeds"
    print(f"{head}: test {mean:.5f} V (published {published})")


if __name__ == "__main__":
    main()
