"""Strains classified by what the cells of a network remember of worms (Li et al. 2017), whole worms left out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from datasets.dataset import Trial
from neuron_models.foundation.errors import InputError, require, require_seed
from neuron_models.foundation.progress import progress_bar
from neuron_models.foundation.units import Fraction
from neuron_models.foundation.wording import counted
from surrogates.posture.cells.correlations import settled
from surrogates.posture.forced_choice.responses import share_right

PERCENTILES = (10, 50, 90)
KEPT = 30
"""Features that the elimination leaves (Li et al. 2017)."""
PUBLISHED = {
    ("cells", "nearest neighbour"): 0.52,
    ("hand-made", "nearest neighbour"): 0.19,
    ("hand-made", "random forest"): 0.56,
}
"""Accuracy by features and classifier on 18 strains, five folds: Li et al. 2017."""


@dataclass(frozen=True, eq=False)
class FeatureMatrix:
    """Recordings as numbers: `values` (recording, feature), the strain and the individual of each."""

    values: Float[np.ndarray, "recording feature"]
    names: tuple[str, ...]
    strains: tuple[str, ...]
    individuals: tuple[str, ...]


@dataclass(frozen=True)
class Protocol:
    """How strains are distinguished.

    Attributes:
        folds: of whole individuals.
        kept: features that the elimination leaves, in each fold by the training worms alone.
        trees: of the forest; a third as many rank the features.
        dropped: the share of features that one round of the elimination takes away.
        seed: of folds and forests.
    """

    folds: int = 5
    kept: int = KEPT
    trees: int = 300
    dropped: Fraction = 0.2
    seed: int = 0

    def __post_init__(self) -> None:
        require(self.folds >= 2, f"--folds must be >= 2, got {self.folds}")
        require(self.kept >= 1, f"--kept must be >= 1 feature, got {self.kept}")
        require(self.trees >= 1, f"trees must be >= 1, got {self.trees}")
        require(0 < self.dropped < 1, f"the dropped share must be between 0 and 1, got {self.dropped:g}")
        require_seed(self.seed, "--seed")


@dataclass(frozen=True, eq=False)
class ClassificationResult:
    """How well one kind of features and one classifier tell strains apart.

    Attributes:
        features: cells or hand-made.
        classifier: nearest neighbour or random forest.
        predicted: the strain that each recording was given while its individual was left out.
        accuracy, low, high: the share that is right, with its Wilson interval at 95 %.
        confusion: (strain, strain) recordings by true and given strain.
        kept: how often each feature was kept by the elimination, by name, in folds.
    """

    features: str
    classifier: str
    predicted: tuple[str, ...]
    accuracy: Fraction
    low: Fraction
    high: Fraction
    confusion: Int[np.ndarray, "strain strain"]
    kept: Mapping[str, int] = field(default_factory=dict)


def cell_features(
    read: Iterable[tuple[Trial, Float[np.ndarray, "frame cell"]]], cells: Sequence[str], strains: Mapping[str, str]
) -> FeatureMatrix:
    """The 10th, 50th and 90th percentile of every cell's memory over each recording.

    Args:
        read: recordings and cell states, as `read_cell_states` gives them.
        cells: their names.
        strains: by recording.

    Raises:
        InputError: a recording has no frame that counts.
    """
    rows, trials = [], []
    for trial, memory in read:
        counts = settled(memory)
        counts = counts[np.isfinite(counts[:, 0])]
        if not len(counts):
            raise InputError(
                f"recording {trial.name!r} has no stretch longer than the frames in which cell states settle"
            )
        rows.append(np.percentile(counts, PERCENTILES, axis=0).T.ravel())
        trials.append(trial)
    names = tuple(f"{cell} p{percentile}" for cell in cells for percentile in PERCENTILES)
    groups = tuple(trial.group or trial.name for trial in trials)
    return FeatureMatrix(np.array(rows, float), names, tuple(strains.get(t.name, "") for t in trials), groups)


def handmade_features(table: pd.DataFrame) -> FeatureMatrix:
    """The hand-made features of `datasets.posture.feature_tables.worm_table`; what could not be measured is 0."""
    text = ("worm", "strain", "individual")
    names = tuple(column for column in table.columns if column not in text)
    values = np.nan_to_num(table[list(names)].to_numpy(float))
    individuals = tuple(i or w for i, w in zip(table["individual"], table["worm"], strict=True))
    return FeatureMatrix(values, names, tuple(table["strain"]), individuals)


def require_individuals(worms: FeatureMatrix, folds: int) -> None:
    """Raise an `InputError` unless every strain has an individual in every fold."""
    require("" not in worms.strains, "a recording says no strain: import with --strain")
    counts = {
        strain: len({i for s, i in zip(worms.strains, worms.individuals, strict=True) if s == strain})
        for strain in sorted(set(worms.strains))
    }
    require(len(counts) >= 2, f"there is one strain only, {', '.join(counts)}: nothing to tell apart")
    rare = min(counts, key=lambda strain: counts[strain])
    require(
        counts[rare] >= folds,
        f"strain {rare} has {counted(counts[rare], 'individual')}, which cannot be left out in {folds} folds"
        + ("; record more" if counts[rare] < 2 else f", give --folds {counts[rare]} or fewer"),
    )
    strains_of: dict[str, set[str]] = {}
    for strain, individual in zip(worms.strains, worms.individuals, strict=True):
        strains_of.setdefault(individual, set()).add(strain)
    mixed = {individual for individual, strains in strains_of.items() if len(strains) > 1}
    require(not mixed, f"one individual has two strains: {', '.join(sorted(mixed)[:3])}")


def cross_validate(
    worms: FeatureMatrix,
    features: str,
    protocol: Protocol,
    progress: bool = True,
    test_worms: FeatureMatrix | None = None,
) -> list[ClassificationResult]:
    """Tell strains apart by nearest neighbour and by a random forest, each fold's individuals left out of everything.

    Features are standardised, eliminated and learned from inside the training worms.

    Args:
        worms: recordings as numbers.
        features: what the numbers are called.
        protocol: how strains are distinguished.
        progress: show a bar over the folds.
        test_worms: other recordings, which test instead of folds of these.

    Raises:
        InputError: a strain has too few individuals.
    """
    if test_worms is not None:
        return _tested(worms, test_worms, features, protocol)
    from sklearn.model_selection import StratifiedGroupKFold

    require_individuals(worms, protocol.folds)
    strains = np.array(worms.strains)
    split = StratifiedGroupKFold(protocol.folds, shuffle=True, random_state=protocol.seed)
    predicted = {name: np.full(len(strains), "", dtype=object) for name in CLASSIFIERS}
    kept = np.zeros(len(worms.names), int)
    bar = progress_bar(protocol.folds, f"fold of {features}") if progress else None
    for train, test in split.split(worms.values, strains, worms.individuals):
        chosen = select_features(worms.values[train], strains[train], protocol)
        kept[chosen] += 1
        for name, make in CLASSIFIERS.items():
            model = make(protocol).fit(worms.values[train][:, chosen], strains[train])
            predicted[name][test] = model.predict(worms.values[test][:, chosen])
        if bar is not None:
            bar.update()
    if bar is not None:
        bar.close()
    often = {worms.names[i]: int(kept[i]) for i in np.argsort(-kept, kind="stable") if kept[i]}
    return [
        replace(result(worms.strains, predicted[name].tolist(), features, name), kept=often) for name in CLASSIFIERS
    ]


def _tested(worms: FeatureMatrix, test: FeatureMatrix, features: str, protocol: Protocol) -> list[ClassificationResult]:
    """Learn from all recordings of one set and ask those of another."""
    require(worms.names == test.names, f"the test data have other {features} features than the training data")
    strains = np.array(worms.strains)
    chosen = select_features(worms.values, strains, protocol)
    kept = {worms.names[i]: 1 for i in chosen}
    results = []
    for name, make in CLASSIFIERS.items():
        model = make(protocol).fit(worms.values[:, chosen], strains)
        predicted = model.predict(test.values[:, chosen]).tolist()
        results.append(replace(result(test.strains, predicted, features, name), kept=kept))
    return results


def result(strains: Sequence[str], predicted: Sequence[str], features: str, classifier: str) -> ClassificationResult:
    """Count what was given."""
    known = sorted(set(strains))
    table = np.zeros((len(known), len(known)), int)
    for true, text in zip(strains, predicted, strict=True):
        table[known.index(true), known.index(text)] += 1
    share = share_right(int(np.trace(table)), len(strains))
    return ClassificationResult(features, classifier, tuple(predicted), share.share, share.low, share.high, table)


def chance(strains: Sequence[str]) -> float:
    """The accuracy of always naming the most frequent strain."""
    return max(list(strains).count(strain) for strain in set(strains)) / len(strains)


def select_features(
    values: Float[np.ndarray, "recording feature"], strains: np.ndarray, protocol: Protocol
) -> Int[np.ndarray, " kept"]:
    """Indices of the columns left by recursive feature elimination (Guyon et al. 2002).

    They are ranked by a forest of randomised trees, so that each column may have a unit of its own.

    Args:
        values: of the features.
        strains: (recording,) the name of each one's strain.
        protocol: how many columns are kept, and the trees.
    """
    from sklearn.ensemble import ExtraTreesClassifier
    from sklearn.feature_selection import RFE

    if values.shape[1] <= protocol.kept:
        return np.arange(values.shape[1])
    ranking = ExtraTreesClassifier(max(1, protocol.trees // 3), random_state=protocol.seed, max_features="sqrt")
    return np.flatnonzero(
        RFE(ranking, n_features_to_select=protocol.kept, step=protocol.dropped).fit(values, strains).support_
    )


def _neighbour(_: Protocol) -> Any:
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), KNeighborsClassifier(1))


def _forest(protocol: Protocol) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(protocol.trees, random_state=protocol.seed)


CLASSIFIERS = {"nearest neighbour": _neighbour, "random forest": _forest}
