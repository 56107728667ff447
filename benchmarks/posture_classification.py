"""Strains distinguished by the cells of a network: the shipped strains, and the real worms of the UCR archive.

    python benchmarks/posture_classification.py strains out [--seeds 5] [--worms 10] [--minutes 10]
    python benchmarks/posture_classification.py ucr out

The network learns from a sample of its own, so that it has seen no worm that is tested. On the archive, one channel
a second, it learns from the traces of all worms without their labels. Reads data/posture/Worms_TRAIN.tsv beside the
reference files.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from machine import describe, shared_folder

from datasets.dataset import Dataset
from datasets.posture.eigenworm_fit import fit_eigenworms
from datasets.posture.eigenworms import amplitudes_of, pooled_angles
from datasets.posture.generator.sample import SampleSettings, make_sample
from datasets.posture.recordings import load_recordings
from surrogates.posture.cells.cell_states import cell_state_model
from surrogates.posture.cells.strain_classification import (
    ClassificationResult,
    Protocol,
    chance,
    cross_validate,
    result,
)
from surrogates.posture.cells.strain_features import CELLS, labels_of, strain_features
from surrogates.posture.forced_choice.responses import share_right
from surrogates.posture.network.segments import segments
from surrogates.registry import model_kind, train_model
from surrogates.runs.model_file import ModelSignature, load_model, save_model
from surrogates.training.configuration import TrainingConfig

BAND = 0.09
"""Half the width of the Sakoe-Chiba band over the length, the archive's choice for this data set (Dau et al. 2019)."""
UNSEEN = 1000
"""The seed of the sample that the network learns from."""


def network(dataset: Dataset, path: Path, epochs: int, units: int):
    """The network that was trained on these recordings, or trained now."""
    if path.is_file():
        return load_model(path)[0]
    started = time.perf_counter()
    cut = segments(dataset)
    config = TrainingConfig(epochs, batch_size=16, learning_rate=model_kind("posture_lstm").learning_rate)
    model, training = train_model("posture_lstm", cut, config, {"units": units})
    frames, seconds = sum(len(trial) for trial in dataset), time.perf_counter() - started
    print(f"{model.name}: {frames:,} frames, {len(training.history['loss'])} epochs, {seconds:.0f} s", flush=True)
    save_model(model, path, ModelSignature.of(cut, "posture_lstm"))
    return model


def text(result: ClassificationResult) -> str:
    """A verdict in words."""
    interval = f"{100 * result.low:.1f} to {100 * result.high:.1f}"
    return f"{result.features}, {result.classifier}: {100 * result.accuracy:.1f} % ({interval})"


def strains(out: Path, seeds: int, worms: int, minutes: float) -> None:
    """The shipped strains, a sample of its own for each seed."""
    learned = make_sample(SampleSettings(worms=4, duration=300.0, seed=UNSEEN))
    shapes = fit_eigenworms(pooled_angles(learned))
    model = network(amplitudes_of(learned, shapes), out / "strains.keras", epochs=12, units=128)
    reader = cell_state_model(model)
    right: dict[tuple[str, str], int] = {}
    tested = 0
    for seed in range(seeds):
        sample = make_sample(SampleSettings(worms=worms, duration=60 * minutes, seed=seed))
        kinds = strain_features(reader, amplitudes_of(sample, shapes), sample)
        tested += len(sample)
        for features, numbers in kinds.items():
            for classified in cross_validate(numbers, features, Protocol(seed=seed), progress=False):
                key = classified.features, classified.classifier
                right[key] = right.get(key, 0) + int(np.trace(classified.confusion))
                print(f"seed {seed}: {text(classified)}", flush=True)
    print(f"chance {100 * chance(kinds[CELLS].strains):.1f} %; all {seeds} seeds together, {tested} worms:")
    for (features, classifier), number in right.items():
        share = share_right(number, tested)
        interval = f"{100 * share.low:.1f} to {100 * share.high:.1f}"
        print(f"{features}, {classifier}: {100 * share.share:.1f} % ({interval})")


def ucr(out: Path) -> None:
    """Five strains from one channel, beside nearest neighbour with dynamic time warping, the same folds."""
    data = load_recordings([shared_folder() / "data" / "posture" / "Worms_TRAIN.tsv"]).dataset
    model = network(data, out / "ucr.keras", epochs=60, units=64)
    protocol = Protocol()
    for classified in cross_validate(
        strain_features(cell_state_model(model), data)[CELLS], CELLS, protocol, progress=False
    ):
        print(text(classified), flush=True)
    started = time.perf_counter()
    print(text(warped(data, protocol)), f"{time.perf_counter() - started:.0f} s")
    print(f"chance {100 * chance(labels_of(data).strains):.1f} %")


def warped(data: Dataset, protocol: Protocol) -> ClassificationResult:
    """Nearest neighbour with dynamic time warping inside a Sakoe-Chiba band, on the traces themselves."""
    from dtaidistance import dtw
    from sklearn.model_selection import StratifiedGroupKFold

    traces = np.stack([np.asarray(trial.x[:])[:, 0] for trial in data])
    apart = dtw.distance_matrix_fast(traces, window=round(BAND * traces.shape[1]) + 1)
    labels = labels_of(data)
    known, given = np.array(labels.strains), np.full(len(data), "", dtype=object)
    split = StratifiedGroupKFold(protocol.folds, shuffle=True, random_state=protocol.seed)
    for learned, tested in split.split(traces, known, labels.individuals):
        given[tested] = known[learned][apart[np.ix_(tested, learned)].argmin(axis=1)]
    return result(labels.strains, given.tolist(), "traces", "nearest neighbour, DTW")


def main() -> None:
    """Run the chosen parts and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("strains", "ucr"))
    parser.add_argument("out", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--worms", type=int, default=10)
    parser.add_argument("--minutes", type=float, default=10.0)
    given = parser.parse_args()
    print(describe(), flush=True)
    if given.what == "ucr":
        ucr(given.out)
    else:
        strains(given.out, given.seeds, given.worms, given.minutes)


if __name__ == "__main__":
    main()
