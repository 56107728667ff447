"""Why a GRU of four units stays above its published error: what was tried, on two sets of voltages.

    python benchmarks/small_gru.py placed.h5 as-run.h5 [--seeds 10]

The first file holds the forward crawling of this project's network (`wormtwin simulate --out placed.h5`), the second
that of the wiring as the publication ran it (`wormtwin simulate --network as-run --compartment 1e6 --time-step 0.05
--out as-run.h5`). Prints the mean test RMSE over seeds of each variation, published 0.0117 V.
"""

import argparse
from pathlib import Path

import numpy as np
from machine import describe

from datasets.dataset import Dataset
from datasets.store import load_dataset
from surrogates.backend import keras
from surrogates.registry import MODELS
from surrogates.training.configuration import TrainingConfig
from surrogates.training.metrics import predict, score
from surrogates.training.trainer import train

UNITS = 4


def reset_before(inputs: int, outputs: int, *, units: int, seed: int) -> keras.Model:
    """The GRU of Cho et al. 2014, whose reset gate acts before the recurrent product, as in older Keras."""
    seeds = [int(each) for each in np.random.SeedSequence(seed).generate_state(3)]
    start = keras.initializers
    layer = keras.layers.GRU(
        units,
        return_sequences=True,
        reset_after=False,
        kernel_initializer=start.GlorotUniform(seed=seeds[0]),
        recurrent_initializer=start.Orthogonal(seed=seeds[1]),
    )
    dense = keras.layers.Dense(outputs, kernel_initializer=start.GlorotUniform(seed=seeds[2]))
    return keras.Sequential([keras.Input((None, inputs)), layer, dense])


def smaller_start(inputs: int, outputs: int, *, units: int, seed: int) -> keras.Model:
    """The usual GRU from first weights of half the size."""
    model = MODELS["gru"].build(inputs, outputs, units=units, seed=seed)
    model.set_weights([weight / 2 for weight in model.get_weights()])
    return model


def tested(dataset: Dataset, build, seeds: int, **settings) -> list[float]:
    """Test RMSE of each seed."""
    results = []
    for seed in range(seeds):
        model = build(len(dataset.x_names), len(dataset.y_names), units=UNITS, seed=seed)
        config = TrainingConfig(**{"epochs": 1000, "learning_rate": 0.05, "seed": seed} | settings)
        train(model, dataset, config, progress=False)
        results.append(score(dataset, predict(model, dataset))["test"].rmse)
    return results


def main() -> None:
    """Print a line a variation."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("placed", type=Path)
    parser.add_argument("as_run", type=Path)
    parser.add_argument("--seeds", type=int, default=10)
    given = parser.parse_args()
    print(describe())
    placed, as_run = load_dataset(given.placed), load_dataset(given.as_run)
    gru = MODELS["gru"].build
    for name, dataset, build, seeds, settings in (
        ("as published, on the placed network", placed, gru, given.seeds, {}),
        ("3,000 epochs", placed, gru, given.seeds, {"epochs": 3000}),
        ("learning rate 0.01", placed, gru, given.seeds, {"learning_rate": 0.01}),
        ("batches of 8", placed, gru, given.seeds, {"batch_size": 8}),
        ("first weights halved", placed, smaller_start, given.seeds, {}),
        ("reset before the product (Keras engine)", placed, reset_before, min(given.seeds, 4), {}),
        ("as published, on the voltages as they were run", as_run, gru, given.seeds, {}),
    ):
        errors = tested(dataset, build, seeds, **settings)
        print(f"{name}: {np.mean(errors):.4f} ± {np.std(errors, ddof=1):.4f} V over {seeds} seeds", flush=True)


if __name__ == "__main__":
    main()
