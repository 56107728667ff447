"""How surely animals are recognised after a crossing: the way that was taken against the next best."""

from itertools import permutations

import numpy as np
from jaxtyping import Float, Int

from datasets.identity.fragments import Fragments
from datasets.identity.motion import crossings_of
from datasets.identity.trajectories import Crossing

_MOST = 5  # animals of which all ways are compared; of more, only exchanges of two
_UNKNOWN = -6.0  # log odds of a continuation that motion did not offer


def judge_crossings(
    fragments: Fragments,
    animal: Int[np.ndarray, " fragment"],
    links: Int[np.ndarray, "link 2"],
    odds: Float[np.ndarray, " link"],
    looks: Float[np.ndarray, "fragment animal"],
) -> tuple[Crossing, ...]:
    """For each crossing, who went in, and the log odds of who came out against the next best way.

    Args:
        fragments: of all regions.
        animal: of each, -1 for none.
        links: continuations that motion offered.
        odds: of each, logarithms.
        looks: log odds of each animal for each fragment by appearance.
    """
    known = {tuple(pair): float(value) for pair, value in zip(links.tolist(), odds, strict=True)}
    crossing = crossings_of(fragments)
    found = []
    for index in range(int(crossing.max(initial=-1)) + 1):
        parts = np.flatnonzero(crossing == index)
        first, last = int(fragments.first[parts].min()), int(fragments.last[parts].max())
        ends = _ends(fragments, parts, animal)
        who = tuple(sorted(set(ends[0])))
        both = [name for name in who if name in ends[1]]
        found.append(Crossing(first, last, who, _odds(both, ends, known, looks)))
    return tuple(found)


def _ends(
    fragments: Fragments, parts: Int[np.ndarray, " part"], animal: Int[np.ndarray, " fragment"]
) -> tuple[dict[int, int], dict[int, int]]:
    """The fragments that run into a crossing, and those that come out of it, by their animals."""
    inside = set(parts.tolist())
    into, out_of = {}, {}
    for before, after in fragments.links.tolist():
        if after in inside and before not in inside and animal[before] >= 0:
            into[int(animal[before])] = before
        if before in inside and after not in inside and animal[after] >= 0:
            out_of[int(animal[after])] = after
    return into, out_of


def _odds(
    who: list[int],
    ends: tuple[dict[int, int], dict[int, int]],
    known: dict[tuple[int, ...], float],
    looks: Float[np.ndarray, "fragment animal"],
) -> float:
    if len(who) < 2:
        return float("inf") if who else 0.0
    value = np.array([[known.get((ends[0][a], ends[1][b]), _UNKNOWN) + looks[ends[1][b], a] for b in who] for a in who])
    straight = np.arange(len(who))
    ways = [np.array(way) for way in permutations(straight)] if len(who) <= _MOST else _exchanges(len(who))
    others = [float(value[straight, way].sum()) for way in ways if (way != straight).any()]
    return float(np.trace(value)) - max(others)


def _exchanges(number: int) -> list[np.ndarray]:
    ways = []
    for first in range(number):
        for second in range(first + 1, number):
            way = np.arange(number)
            way[[first, second]] = second, first
            ways.append(way)
    return ways
