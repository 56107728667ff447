"""How diverse the parts of a split are: the published one, random ones, and `--split auto`.

    python benchmarks/splits.py fcm.h5 [more.h5 ...]

Spread: mean distance between two trials of a part, over that of the whole set (1 is fair). Offset: distance of a
part's mean from the mean of all, over the same (0 is fair).
"""

import sys
from pathlib import Path

import numpy as np
from machine import describe

from datasets.parts.splitting import Diversity, diversity, split_diverse
from datasets.store import load_dataset


def row(label: str, diversities: list[Diversity]) -> None:
    """Print the means over several splits."""
    parts = ("train", "validation", "test")
    spreads = " ".join(f"{np.mean([f.spread[p] for f in diversities]):6.3f}" for p in parts)
    unevenness = np.mean([max(f.spread.values()) - min(f.spread.values()) for f in diversities])
    offsets = " ".join(f"{np.mean([f.offset[p] for f in diversities]):6.3f}" for p in parts)
    print(f"{label:24s} spread {spreads}   uneven by {unevenness:.3f}   offset {offsets}")


def main() -> None:
    """Print a table for each dataset file."""
    print(describe())
    for path in map(Path, sys.argv[1:]):
        dataset = load_dataset(path)
        names = np.array([trial.split for trial in dataset])
        rng = np.random.default_rng(0)
        print(path.name)
        row("as published", [diversity(dataset)])
        row("random, mean of 100", [diversity(dataset.with_split(list(rng.permutation(names)))) for _ in range(100)])
        row("auto, mean of 10 seeds", [diversity(split_diverse(dataset, seed=seed)) for seed in range(10)])


if __name__ == "__main__":
    main()
