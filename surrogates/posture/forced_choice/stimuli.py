"""What the real-or-simulated test asks: which clips, in which order, turned by how much."""

from dataclasses import dataclass

import numpy as np

from datasets.dataset import Dataset
from datasets.posture.recording import ANGLES, LARGEST_RATE_RATIO, require_form
from neuron_models.foundation.errors import require, require_seed
from neuron_models.foundation.units import Degrees, Seconds
from surrogates.posture.forced_choice.clips import Clip, cut_clips, fewest_points, has_places, in_one_form
from surrogates.posture.forced_choice.responses import REAL, SIMULATED

FEWEST_EXAMPLES, MOST_EXAMPLES = 5, 10
"""Labelled clips before the test, as in Li et al. 2017."""


@dataclass(frozen=True, eq=False)
class Question:
    """A clip as it is shown, and what it is: real or simulated."""

    clip: Clip
    truth: str
    turned: Degrees


@dataclass(frozen=True, eq=False)
class Quiz:
    """Labelled examples, then questions; no clip comes twice."""

    examples: tuple[Question, ...]
    questions: tuple[Question, ...]


def make_quiz(
    real: Dataset, simulated: Dataset, *, clips: int = 20, examples: int = 6, seconds: Seconds = 60.0, seed: int = 0
) -> Quiz:
    """Draw a test from recordings of real and of simulated worms.

    Both are drawn alike: described by the same eigenworms if one of them is, with the same number of points and length
    1, and with the recorded places if both have them, otherwise both crawl by resistive force theory. The truth of
    every question is the toss of a coin, so that no answer follows from those before; examples alternate.

    Args:
        real: midlines of worms, or their amplitudes.
        simulated: midlines or amplitudes of a model.
        clips: how many questions.
        examples: how many labelled clips come first.
        seconds: the length of a clip.
        seed: of clips, order and turns.

    Raises:
        InputError: something else than midlines, other frame rates, or too few clips without a gap.
    """
    require(clips >= 1, f"--clips must be >= 1, got {clips}")
    fits = FEWEST_EXAMPLES <= examples <= MOST_EXAMPLES
    require(fits, f"--examples must be from {FEWEST_EXAMPLES} to {MOST_EXAMPLES}, got {examples}")
    require_seed(seed, "--seed")
    rng = np.random.default_rng(seed)
    labels = [(REAL, SIMULATED)[i % 2] for i in range(examples)]
    labels += [(REAL, SIMULATED)[toss] for toss in rng.integers(0, 2, clips)]
    real, simulated = in_one_form(real, simulated)
    _require_comparable(real, simulated)
    data = {REAL: real, SIMULATED: simulated}
    points, recorded = fewest_points((real, simulated)), has_places(real) and has_places(simulated)
    stores = {}
    for kind, dataset in data.items():
        stores[kind] = cut_clips(dataset, seconds, points=points, recorded=recorded)
        needed, available = labels.count(kind), len(stores[kind])
        require(
            needed <= available,
            f"dataset {dataset.name!r} has {available} clips of {seconds:g} s without a gap, the test needs {needed}: "
            "give fewer --clips or --seconds, or longer recordings",
        )
    orders = {kind: iter(rng.permutation(len(store))) for kind, store in stores.items()}
    drawn = [_question(stores[kind][next(orders[kind])], kind, rng) for kind in labels]
    return Quiz(tuple(drawn[:examples]), tuple(drawn[examples:]))


def _require_comparable(real: Dataset, simulated: Dataset) -> None:
    """Raise an `InputError` where the frame rate alone would tell two datasets apart."""
    for dataset in (real, simulated):
        require_form(dataset, ANGLES)
    rates = sorted(1000 / dataset.dt for dataset in (real, simulated))
    require(
        rates[1] <= LARGEST_RATE_RATIO * rates[0],
        f"{real.name!r} has {1000 / real.dt:.3g} frames a second and {simulated.name!r} {1000 / simulated.dt:.3g}: "
        "bring both to one rate",
    )


def _question(clip: Clip, kind: str, rng: np.random.Generator) -> Question:
    turned = float(rng.uniform(0, 360))
    return Question(clip.turned(turned), kind, turned)
