"""The same animals in two videos: assigned one to one by what networks say of their pictures, or left in doubt."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from neuron_models.foundation.numerals import DASH
from neuron_models.foundation.printing import print_whole
from neuron_models.foundation.units import Dimensionless, Fraction

_SURE = 0.6
"""The probability from which two are one."""


@dataclass(frozen=True)
class Match:
    """An animal of one video and the one that it is in another.

    Attributes:
        first: index in the first video, -1 where the animal is in the second alone.
        second: index in the second video, -1 where it is in the first alone.
        agree: the mean probability, 0 to 1, that an image of one is of the other and of none else, on the maps of both
            videos' networks; NaN for an animal of one video.
        away: mean distance of their images on the maps, over that of the animals of one video from their own middles.
        sure: whether that is enough to tell.
    """

    first: int
    second: int
    agree: Fraction
    away: Dimensionless
    sure: bool


def assign(
    away: Float[np.ndarray, "first second"], votes: Float[np.ndarray, "direction first second"]
) -> tuple[Match, ...]:
    """Assign animals one to one such that the sum of distances is least (Hungarian method).

    Args:
        away: mean distance of the animals of two videos on the maps.
        votes: the mean probability of each animal of the first video for the images of one of the second, on the map of
            the first; and the other way round.
    """
    from scipy.optimize import linear_sum_assignment

    pairs = dict(zip(*(axis.tolist() for axis in linear_sum_assignment(away)), strict=True))
    matches = []
    for first, second in pairs.items():
        shares = votes[:, first, second]
        most = votes[0, :, second].argmax() == first and votes[1, first].argmax() == second
        sure = bool(most and shares.min() >= _SURE)
        matches.append(Match(first, second, float(shares.mean()), float(away[first, second]), sure))
    alone = float("nan")
    matches += [Match(k, -1, alone, alone, False) for k in range(away.shape[0]) if k not in pairs]
    matches += [Match(-1, k, alone, alone, False) for k in range(away.shape[1]) if k not in pairs.values()]
    return tuple(matches)


def match_rows(matches: Sequence[Match], names: tuple[Sequence[str], Sequence[str]]) -> list[dict[str, object]]:
    """A row for each match, by the names of the animals; None where there is no other."""
    return [
        {
            "first": names[0][match.first] if match.first >= 0 else None,
            "second": names[1][match.second] if match.second >= 0 else None,
            "agree": None if np.isnan(match.agree) else round(match.agree, 4),
            "distance": None if np.isnan(match.away) else round(match.away, 4),
            "sure": match.sure,
        }
        for match in matches
    ]


def print_matches(
    matches: Sequence[Match], names: tuple[Sequence[str], Sequence[str]], files: tuple[Path, Path]
) -> None:
    """Print a table of matches."""
    from rich.table import Table

    table = Table(files[0].name, files[1].name, "agree", "distance", "same animal")
    for row in match_rows(matches, names):
        alone = row["first"] is None or row["second"] is None
        verdict = "in one video only" if alone else ("yes" if row["sure"] else "cannot tell")
        agree = DASH if row["agree"] is None else f"{100 * float(str(row['agree'])):.0f} %"
        distance = DASH if row["distance"] is None else f"{float(str(row['distance'])):.1f}"
        table.add_row(str(row["first"] or DASH), str(row["second"] or DASH), agree, distance, verdict)
    print_whole(table)
