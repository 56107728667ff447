"""Classes of calls by the shape of their contours, and by their pictures where somebody labelled calls."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float

from datasets.calls.call import Call
from datasets.calls.generator.contours import SHAPES, draw_contour
from neuron_models.foundation.errors import InputError, require
from surrogates.calls.repertoire.contours import Contour
from surrogates.calls.repertoire.measures import embedding

_EACH = 200
"""Generated contours of a shape that are learned."""


@dataclass(frozen=True)
class CallClassifier:
    """A forest that names calls; `pictures` says whether it looks at pictures and frequencies beside the shape."""

    forest: Any
    pictures: bool


def embeddings(contours: Sequence[Contour], pictures: bool = False) -> Float[np.ndarray, "call feature"]:
    """A row of numbers a contour: its shape, and with `pictures` the call's picture and frequencies in kHz."""
    shapes = np.array([embedding(each.time, each.frequency) for each in contours])
    if not pictures:
        return shapes
    seen = [[*each.picture.ravel(), *np.quantile(each.frequency, (0, 0.5, 1)) / 1e3] for each in contours]
    return np.hstack([shapes, np.array(seen)])


def shape_classifier(contours: Sequence[Contour] = (), seed: int = 0) -> CallClassifier:
    """A random forest that knows the eight generated shapes, or the labels of contours that somebody labelled.

    Args:
        contours: whose calls have labels, learned with their pictures; when none are given, generated ones are learned,
            seen in frames of 1 ms and bins of 0.5 kHz with an error of a bin at their ends.
        seed: of the contours that are drawn, and of the forest.

    Raises:
        InputError: there are contours, but fewer than two classes of two calls.
    """
    from sklearn.ensemble import RandomForestClassifier

    if contours:
        x, y = embeddings(contours, pictures=True), np.array([each.call.label for each in contours])
        names, counts = np.unique(y, return_counts=True)
        require(
            bool((counts >= 2).sum() >= 2), f"two classes of two calls are needed, got {', '.join(names) or 'none'}"
        )
    else:
        x, y = _generated(seed)
    tried = 0.5 if contours else "sqrt"  # few calls and many points: half of them at each fork, so that none is missed
    forest = RandomForestClassifier(200, class_weight="balanced", max_features=tried, random_state=seed, n_jobs=1)
    return CallClassifier(forest.fit(x, y), pictures=bool(contours))


def classify(contours: Sequence[Contour], classifier: CallClassifier) -> tuple[Call, ...]:
    """The calls of contours with their classes, and how sure the classifier is as their scores."""
    if not contours:
        return ()
    forest = classifier.forest
    sure = forest.predict_proba(embeddings(contours, classifier.pictures))
    named = forest.classes_[sure.argmax(axis=1)]
    return tuple(
        replace(each.call, label=str(name), score=float(best))
        for each, name, best in zip(contours, named, sure.max(axis=1), strict=True)
    )


def macro_f1(said: Sequence[str], true: Sequence[str]) -> float:
    """The mean F1 over the classes that there are.

    Raises:
        InputError: lengths differ, or there is nothing.
    """
    from sklearn.metrics import f1_score

    if len(said) != len(true) or not said:
        raise InputError(f"{len(said)} classes were said of {len(true)} calls")
    return float(f1_score(list(true), list(said), average="macro", labels=sorted(set(true))))


def _generated(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    rows, names = [], []
    for name in SHAPES:
        for _ in range(_EACH):
            contour = draw_contour(name, 1000 * 8, (42_000.0, 100_000.0), rng)[::8]
            trimmed = contour[int(rng.integers(0, 2)) : len(contour) - int(rng.integers(0, 2))]
            seen = np.round(trimmed / 488 + rng.normal(0, 0.5, len(trimmed))) * 488
            rows.append(embedding(np.arange(len(seen)) / 1000, seen))
            names.append(name)
    return np.array(rows), np.array(names)
