"""The posture network: real next frames, free runs of all sample strains, speed, and the cost of 4 x 260 units.

    taskset -c 0 python benchmarks/posture.py {real,strains,speed,cutting,paper} [--worms n] [--minutes n] [--epochs n]

`real` reads the Tierpsy recording beside the project; the others need nothing.
"""

import argparse
import time
from pathlib import Path

import h5py
import numpy as np
from machine import describe, peak_memory, shared_folder

from datasets.dataset import Dataset
from datasets.posture.eigenworm_fit import fit_eigenworms
from datasets.posture.eigenworms import amplitudes_of, pooled_angles
from datasets.posture.generator.sample import SampleSettings, make_sample
from datasets.posture.generator.strains import STRAINS
from datasets.posture.recording import AmplitudeRecording, amplitudes_dataset, select_strain
from datasets.store import load_dataset, save_dataset
from surrogates.posture.network.comparison import (
    BOUND,
    Comparison,
    behaviour,
    between_strains,
    bounded,
    comparison_table,
    same_order,
)
from surrogates.posture.network.free_run import Drawing, generate
from surrogates.posture.network.generated import generate_dataset
from surrogates.posture.network.networks import posture_lstm, posture_lstm_paper
from surrogates.posture.network.prediction import score_next_frame
from surrogates.registry import MODELS, train_model
from surrogates.runs.model_file import ModelSignature, save_model
from surrogates.training.configuration import TrainingConfig

CONTIGUOUS = 22_077
"""Rows of the Tierpsy recording that follow each other; those after them are other worms' (its README)."""
ON_REAL = {"units": 32, "dropout": 0.5, "components": 0}
"""Chosen on ninths of the first nine tenths of the recording, after errors of three other settings on the last tenth
had been seen: that tenth is not wholly unseen."""


def tierpsy() -> Dataset:
    """The recording's first nine tenths as training, the last as test."""
    with h5py.File(shared_folder() / "data" / "posture" / "tierpsy_features_one_worm.hdf5") as file:
        rows = file["features_timeseries"][:CONTIGUOUS]
    x = np.stack([rows[f"eigen_projection_{i}"] for i in range(1, 7)], axis=1).astype(float)
    border = round(0.9 * len(x))
    parts = (("first nine tenths", x[:border]), ("last tenth", x[border:]))
    recordings = [AmplitudeRecording(name, part, 25.0, individual="one") for name, part in parts]
    return amplitudes_dataset(recordings, "tierpsy").with_split(["train", "test"])


def real(given: argparse.Namespace) -> None:
    """The error of the next frame on the last tenth of a real recording, for several seeds."""
    data = tierpsy()
    for seed in range(given.seeds):
        config = TrainingConfig(given.epochs or 300, 16, 0.002, seed)
        model, training = train_model("posture_lstm", data, config, ON_REAL)
        for context in (5, 25):
            next_frame = score_next_frame(model, data, context)
            for name, scores in next_frame.scores.items():
                text = {split: f"{score.rmse:.5f}" for split, score in scores.items()}
                print(f"seed {seed}, {context} frames before: {name}: {text}", flush=True)
        print(f"{training.seconds:.1f} s, best epoch {training.best_epoch + 1}, {next_frame.lags} lags")


def sample(given: argparse.Namespace, strains: tuple[str, ...] = tuple(STRAINS)) -> Dataset:
    """The project's own worms as amplitudes."""
    made = make_sample(SampleSettings(strains=strains, worms=given.worms, duration=60 * given.minutes))
    return amplitudes_of(made, fit_eigenworms(pooled_angles(made)))


def strains(given: argparse.Namespace) -> None:
    """One model a strain, 30 free runs of 9,000 frames each; what is in --out is not repeated."""
    stored = given.out / "amplitudes.h5"
    if not stored.exists():
        save_dataset(sample(given), stored)
    data = load_dataset(stored)
    chosen = [name for name in given.strains.split(",") if name] or list(STRAINS)
    for strain in chosen:
        if not (given.out / f"{strain}.h5").exists():
            save_dataset(one_strain(select_strain(data, strain), strain, given), given.out / f"{strain}.h5")
    if given.strains:
        return
    made = [load_dataset(given.out / f"{strain}.h5") for strain in STRAINS]
    actual = behaviour(data)
    inside = np.concatenate(
        [bounded(select_strain(data, name), runs) for name, runs in zip(STRAINS, made, strict=True)]
    )
    found = Comparison(actual, {name: found for runs in made for name, found in behaviour(runs).items()}, inside)
    table = comparison_table(found)
    print(table.round(4).to_string(index=False))
    print(f"{found.bounded.mean():.1%} of {len(found.bounded)} runs stay within {BOUND:g} times the range")
    for name in table["measure"].unique():
        largest = table.loc[table["measure"] == name, "distance"].max()
        order, least = "real" if same_order(found, name) else "other", between_strains(found, name)
        print(f"{name}: {order} order, largest distance {largest:.4f}, smallest of two strains {least:.4f}")


def one_strain(part: Dataset, strain: str, given: argparse.Namespace) -> Dataset:
    """Free runs of a model of one strain, which is kept too."""
    kind = MODELS["posture_lstm"]
    config = TrainingConfig(given.epochs or 30, int(kind.training_defaults["batch_size"]), kind.learning_rate)
    model, training = train_model("posture_lstm", part, config, {})
    save_model(model, given.out / f"{strain}.keras", ModelSignature.of(kind.prepare(part), "posture_lstm"))
    scores = score_next_frame(model, part).scores
    text = {name: f"{each['validation'].rmse:.4f}" for name, each in scores.items()}
    run = len(training.history["loss"])
    print(f"{strain}: {training.seconds:.0f} s, {run} epochs, loss {min(training.history['val_loss']):.4f}, {text}")
    return generate_dataset(model, part, worms=30, frames=9000, drawing=Drawing(seed=1))


def speed(_: argparse.Namespace) -> None:
    """Frames a second of free runs, 100 worms at once, the program compiled before."""
    model, rng = posture_lstm(7, 7), np.random.default_rng(0)
    model.get_layer("forecast").set_weights([np.zeros((28, 7)), np.zeros(7), np.eye(7), np.eye(7)])
    frames = rng.normal(size=(100, 50, 7))
    generate(model, frames, 250)
    started = time.perf_counter()
    generate(model, frames, 5000)
    print(f"{model.name}: {100 * 5000 / (time.perf_counter() - started):,.0f} frames a second, 100 worms at once")


def cutting(given: argparse.Namespace) -> None:
    """Pieces with a loss at every frame beside windows of 50 with one target: the same network, about equal time."""
    data = sample(given, ("N2",))
    for name, epochs, batch in (("posture_lstm", 60, 16), ("posture_lstm_paper", 4, 128)):
        kind, model = MODELS[name], posture_lstm(7, 7, units=32, components=0)
        config = TrainingConfig(given.epochs or epochs, batch, 0.002)
        training = kind.train(model, kind.prepare(data), config, kind.objective, False)
        error, run = score_next_frame(model, data).rmse("network", "validation"), len(training.history["loss"])
        print(f"cut as for {name}: {training.seconds:.0f} s for {run} epochs, validation RMSE {error:.4f}", flush=True)


def paper(given: argparse.Namespace) -> None:
    """4 x 260: weights, memory, and an epoch of 90,000 windows, extrapolated from single batches of 450 windows."""
    steps = np.random.default_rng(0).normal(size=(610, 7))  # 549 frames are learned: one batch an epoch
    data = amplitudes_dataset([AmplitudeRecording("walk", np.cumsum(steps, axis=0), 10.0)], "walk")
    kind, model = MODELS["posture_lstm_paper"], posture_lstm_paper(7, 7)
    cut, more, seconds = kind.prepare(data), given.epochs or 2, []
    for epochs in (1, 1 + more):  # the first compiles, too
        started = time.perf_counter()
        kind.train(model, cut, TrainingConfig(epochs, 450, 0.001), kind.objective, False)
        seconds.append(time.perf_counter() - started)
        print(f"{epochs} epoch(s) of one batch: {seconds[-1]:.1f} s", flush=True)
    started = time.perf_counter()
    kind.train(model, cut, TrainingConfig(1, 450, 0.001), kind.objective, False)
    batch = (seconds[1] - (time.perf_counter() - started)) / more
    weights = sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    print(f"{weights:,} weights; {batch:.1f} s a batch of 450 windows; peak {peak_memory():.0f} MiB")
    print(f"90,000 windows are 200 batches: {200 * batch / 60:.0f} min an epoch, extrapolated")


PARTS = {each.__name__: each for each in (real, strains, speed, cutting, paper)}


def main() -> None:
    """Run one part."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--worms", type=int, default=10)
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--strains", default="", help="train these only")
    parser.add_argument("--out", type=Path, default=Path("results/posture"))
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    print(describe())
    PARTS[given.part](given)


if __name__ == "__main__":
    main()
