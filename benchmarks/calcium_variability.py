"""How much a linear model loses from worm to worm, in real recordings and in the generator's.

python benchmarks/calcium_variability.py [worms.npz]
"""

import sys

import numpy as np
from machine import describe
from sklearn.linear_model import LogisticRegression

from datasets.calcium.features import with_features
from datasets.calcium.recordings import load_npz
from datasets.calcium.sample import SampleSettings, make_sample
from datasets.calcium.state_rules import STATE_RULES
from datasets.calcium.states import apply_rule
from datasets.dataset import Dataset


def samples(dataset: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """The frames that count, of all worms together."""
    counted = [(trial.x[trial.valid()], trial.y[trial.valid(), 0]) for trial in dataset]
    return np.concatenate([x for x, _ in counted]), np.concatenate([y for _, y in counted])


def accuracy(train: Dataset, test: Dataset) -> float:
    """Percent correct of logistic regression."""
    return 100 * LogisticRegression(max_iter=1000).fit(*samples(train)).score(*samples(test))


def report(name: str, dataset: Dataset) -> None:
    """Print own, other and pooled accuracy by rule."""
    features = with_features(dataset)
    for rule in STATE_RULES:
        ruled = apply_rule(features, rule)
        worms = [ruled.select([i]) for i in range(len(ruled))]
        own = [accuracy(*sides) for worm in worms for sides in worm.folds(5, by="block")]
        other = [accuracy(a, b) for a in worms for b in worms if a is not b]
        pooled = [accuracy(*sides) for sides in ruled.folds(len(ruled))]
        print(f"{name:8} {rule:10} own {np.mean(own):.1f} other {np.mean(other):.1f} pooled {np.mean(pooled):.1f}")


if __name__ == "__main__":
    print(describe())
    if len(sys.argv) > 1:
        report("real", load_npz(sys.argv[1]))
    report("sample", make_sample(SampleSettings()))
