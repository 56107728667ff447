"""Which frames are offered to a person who labels: a varied choice; with a network, its most doubtful first."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from datasets.dataset import Trial
from datasets.pose.labelling.book import Place
from datasets.pose.labelling.source import Film
from datasets.pose.sampling.frame_choice import ChoiceSettings, choose_frames, doubtful_choice, gather
from neuron_models.foundation.units import Dimensionless

POOL = 500
"""Frames of a video that are looked at (Pereira et al. 2018)."""
_FEW = 60
"""So many frames are offered as they come."""


def pool_of(films: Sequence[Film], seed: int = 0, pool: int = POOL) -> dict[str, Any]:
    """The change of a journal that says which frames are offered, and in which order.

    One of every cluster of similar frames in turn (`pose suggest`); of few frames all, as they come.
    """
    number = sum(film.facts.size[0] for film in films)
    if number <= _FEW:
        frames = [[film.facts.name, frame, 0] for film in films for frame in range(film.facts.size[0])]
        return {"do": "pool", "frames": frames}
    trials = [Trial(film.facts.name, film.images) for film in films]
    looked_at = sum(min(pool, film.facts.size[0]) for film in films)
    settings = ChoiceSettings(looked_at, pool, 50, 10, seed)
    found = gather(trials, settings)
    rows = choose_frames(found, settings).tolist()
    frames = [[trials[found.trial[row]].name, int(found.frame[row]), int(found.cluster[row])] for row in rows]
    return {"do": "pool", "frames": frames}


def offered(
    pool: Sequence[tuple[str, int, int]], doubt: Mapping[Place, Dimensionless], done: set[Place], most: int = 100
) -> list[Place]:
    """The frames to label next: of each cluster in turn, the most doubtful first where a network says how sure it is.

    Args:
        pool: (film, frame, cluster) in the order of the varied choice.
        doubt: of a network in a frame; empty as long as there is none.
        done: frames that are labelled.
        most: how many to give.
    """
    left = [(film, frame, cluster) for film, frame, cluster in pool if (film, frame) not in done]
    if not doubt:
        return [(film, frame) for film, frame, _ in left[:most]]
    doubts = np.array([doubt.get((film, frame), 0.0) for film, frame, _ in left])
    order = doubtful_choice(np.array([cluster for *_, cluster in left], int), doubts, most)
    return [left[index][:2] for index in order.tolist()]
