"""Test RMSE of a GRU over seeds and of the linear model, and the milliseconds of a training epoch.

    taskset -c 0 python benchmarks/training.py [--data fcm.h5] [--units 8] [--seeds 6] [--epochs 1000]

Without --data the FCM dataset is simulated first. Keras on JAX is measured in processes of its own, with and without
XLA's thunk runtime (JAX 0.10 keeps the thunk runtime whatever the flag says, and warns), and the better one counts.
Milliseconds are of processor time.
"""

import argparse
import os
import subprocess
import sys
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


def simulated(path: Path) -> Path:
    """Write the 40 FCM sequences at 0.5 ms into a file."""
    simulate_dataset(load_scenario("fcm"), load_connectome("placed"), path, jobs=2)
    return path


def epoch_milliseconds(name: str, dataset: Dataset, engine: str, **settings) -> float:
    """The cost of an epoch, validation included: a longer training less a shorter one, so that compiling drops out."""
    seconds = []
    for epochs in (2, 20, 120):  # the first compiles
        model = MODELS[name].build(len(dataset.x_names), len(dataset.y_names), **settings)
        config = TrainingConfig(epochs=epochs, learning_rate=0.01, engine=engine)
        started = time.process_time()
        train(model, dataset, config, progress=False)
        seconds.append(time.process_time() - started)
    return (seconds[2] - seconds[1]) / 100 * 1000


def keras_milliseconds(data: Path, name: str, units: int) -> float:
    """The same of Keras on JAX, with or without the thunk runtime, whichever is faster."""
    found = []
    for runtime in ("", "--xla_cpu_use_thunk_runtime=false"):
        flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_cpu_multi_thread_eigen=false {runtime}".strip()
        command = [sys.executable, __file__, "--data", str(data), "--keras", name, "--units", str(units)]
        done = subprocess.run(command, env={**os.environ, "XLA_FLAGS": flags}, stdout=subprocess.PIPE, check=True)
        found.append(float(done.stdout.split()[-1]))
        print(f"{name}-{units}, Keras on JAX, XLA_FLAGS={flags!r}: {found[-1]:.2f} ms an epoch", flush=True)
    return min(found)


def main() -> None:
    """Print each seed's figures, then the means beside the published ones."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--units", type=int, default=8)
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--epochs", type=int, default=1000)
    parser.add_argument("--keras", choices=("gru", "lstm", "rnn"), help="only print an epoch of this one in Keras")
    given = parser.parse_args()
    if given.keras:
        dataset = replace(load_dataset(given.data), extra={})
        print(epoch_milliseconds(given.keras, dataset, "keras", units=given.units))
        return
    print(describe())
    with tempfile.TemporaryDirectory() as folder:
        data = given.data or simulated(Path(folder) / "fcm.h5")
        dataset = replace(load_dataset(data), extra={})
        for name, units in (("gru", 8), ("lstm", 32), ("rnn", 16)):
            costs = [epoch_milliseconds(name, dataset, "fast", units=units) for _ in range(5)]
            keras = keras_milliseconds(data, name, units)
            best, median = min(costs), float(np.median(costs))
            print(
                f"{name}-{units}, fast engine: {best:.2f} ms an epoch, median {median:.2f} ms; "
                f"Keras on JAX {keras:.2f} ms: {keras / best:.0f} times",
                flush=True,
            )
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
