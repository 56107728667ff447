"""What was exchanged in tracks of another tool, how surely, and where nobody can tell."""

from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
from jaxtyping import Float, Int

from datasets.identity.fragments import Fragments
from neuron_models.foundation.units import Dimensionless

_UNKNOWN = -6.0  # log odds of a continuation that motion did not offer
SURE = float(np.log(20))
"""Log odds of 20 to 1: below it who is who is in doubt."""


@dataclass(frozen=True)
class Meeting:
    """A moment from which on animals may have been exchanged.

    Attributes:
        frame: the first frame after it.
        animals: their indices.
        exchanged: whether the tracks were exchanged there, and are so no more.
        odds: natural logarithm of the odds of what was decided against its opposite.
    """

    frame: int
    animals: tuple[int, ...]
    exchanged: bool
    odds: Dimensionless

    @property
    def doubtful(self) -> bool:
        """Whether the odds are below 20 to 1."""
        return self.odds < SURE


def judge_meetings(
    fragments: Fragments,
    track: Int[np.ndarray, " fragment"],
    animal: Int[np.ndarray, " fragment"],
    links: dict[tuple[int, int], float],
    looks: Float[np.ndarray, "fragment animal"],
) -> tuple[Meeting, ...]:
    """All moments at which two animals may have been exchanged, in the order of time.

    The fragments of two animals between the moments at which both are cut are the sections of a chain with two states,
    as decided or the other way round; looks speak for the state of a section, motion for that of two neighbours alike.

    Args:
        fragments: of all tracks.
        track: of each.
        animal: of each, as decided; -1 for none.
        links: log odds by motion that one fragment goes on as another.
        looks: log odds of each animal for each fragment.
    """
    series = {who: np.flatnonzero(animal == who).tolist() for who in np.unique(animal[animal >= 0]).tolist()}
    found = []
    for pair in combinations(series, 2):
        breaks = _shared_breaks(fragments, series[pair[0]], series[pair[1]])
        if breaks:
            found += _judged(pair, breaks, (fragments, track, links, looks), (series[pair[0]], series[pair[1]]))
    return _together(sorted(found, key=lambda meeting: (meeting.frame, meeting.animals)))


_Break = tuple[int, int, int, int, int]
"""The frame after it, and the fragments before and after of the first animal, then of the second."""


def _shared_breaks(fragments: Fragments, one: list[int], other: list[int]) -> list[_Break]:
    """The moments at which both animals change their fragment."""
    breaks, start = [], 0
    first, last = fragments.first, fragments.last
    for a, b in pairwise(one):
        while start < len(other) - 1 and first[other[start + 1]] <= last[a]:
            start += 1
        for c, d in zip(other[start:], other[start + 1 :], strict=False):
            if last[c] >= first[b]:
                break
            if first[d] > last[a]:
                breaks.append((int(max(first[b], first[d])), a, b, c, d))
    return breaks


def _judged(
    pair: tuple[int, int],
    breaks: list[_Break],
    facts: tuple[Fragments, np.ndarray, dict[tuple[int, int], float], np.ndarray],
    series: tuple[list[int], list[int]],
) -> list[Meeting]:
    fragments, track, links, looks = facts
    motion = np.array([_motion(links, each) for each in breaks])
    edges = np.array([each[0] for each in breaks])
    sections = np.zeros(len(breaks) + 1)
    for own, other, chain in ((pair[0], pair[1], series[0]), (pair[1], pair[0], series[1])):
        middle = (fragments.first[chain] + fragments.last[chain]) // 2
        np.add.at(sections, np.searchsorted(edges, middle, side="right"), looks[chain, own] - looks[chain, other])
    odds = chain_odds(sections, motion)
    return [
        Meeting(frame, pair, _swapped(*track[[a, b, c, d]].tolist()), float(value))
        for (frame, a, b, c, d), value in zip(breaks, odds, strict=True)
    ]


def _swapped(a: int, b: int, c: int, d: int) -> bool:
    """Whether tracks that follow two animals, a and then b, c and then d, change places."""
    return a != b and c != d and (a == d or b == c)


def _motion(links: dict[tuple[int, int], float], each: _Break) -> float:
    _, a, b, c, d = each
    straight, crossed = (sum(links.get(pair, _UNKNOWN) for pair in way) for way in (((a, b), (c, d)), ((a, d), (c, b))))
    return straight - crossed


def chain_odds(
    sections: Float[np.ndarray, " section"], motion: Float[np.ndarray, " break"]
) -> Float[np.ndarray, " break"]:
    """Log odds that neighbouring sections of a chain are in the same state (forward and backward algorithm).

    Args:
        sections: log odds of the first state of each section against the second.
        motion: log odds that the sections on both sides of each break are in one state.
    """
    ahead, back = np.zeros((len(sections), 2)), np.zeros((len(sections), 2))
    for k in range(1, len(sections)):
        evidence = ahead[k - 1] + [sections[k - 1], 0.0]
        ahead[k] = np.logaddexp(evidence + motion[k - 1], evidence[::-1])
        ahead[k] -= ahead[k].max()
    for k in range(len(sections) - 2, -1, -1):
        evidence = back[k + 1] + [sections[k + 1], 0.0]
        back[k] = np.logaddexp(evidence + motion[k], evidence[::-1])
        back[k] -= back[k].max()
    odds = np.empty(len(motion))
    for k in range(len(motion)):
        before, after = ahead[k] + [sections[k], 0.0], back[k + 1] + [sections[k + 1], 0.0]
        same = np.logaddexp(before[0] + after[0], before[1] + after[1]) + motion[k]
        odds[k] = same - np.logaddexp(before[0] + after[1], before[1] + after[0])
    return odds


def _together(meetings: list[Meeting]) -> tuple[Meeting, ...]:
    """Exchanges of one frame that share animals are one; of the others, those that are doubtful stay."""
    out: list[Meeting] = []
    for meeting in meetings:
        same = [
            k for k, each in enumerate(out)
            if each.exchanged and meeting.exchanged and each.frame == meeting.frame
            and set(each.animals) & set(meeting.animals)
        ]  # fmt: skip
        if same:
            known = out[same[0]]
            who = tuple(sorted({*known.animals, *meeting.animals}))
            out[same[0]] = Meeting(known.frame, who, True, min(known.odds, meeting.odds))
        else:
            out.append(meeting)
    return tuple(out)
