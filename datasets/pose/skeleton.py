"""The named key points of an animal, which of them are connected, and which are left and right of one another."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Int

from neuron_models.foundation.errors import InputError, require, require_distinct


@dataclass(frozen=True)
class Skeleton:
    """Key points in the order of the arrays that hold them, edges to draw, and (left, right) pairs of key points.

    Raises:
        InputError: no key point, a name twice, an edge or a pair of unknown key points, a key point in two pairs.
    """

    keypoints: tuple[str, ...]
    edges: tuple[tuple[str, str], ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        require(len(self.keypoints) > 0, "a skeleton needs at least one keypoint")
        require(all(self.keypoints), "a skeleton has a key point without a name")
        require_distinct(self.keypoints, "a skeleton names a key point")
        for what, links in (("edge", self.edges), ("pair", self.pairs)):
            for link in links:
                require(len(link) == 2 and link[0] != link[1], f"a skeleton's {what} joins two key points, got {link}")
                for keypoint in link:
                    require(
                        keypoint in self.keypoints,
                        f"a skeleton's {what} names {keypoint!r}; the key points are {', '.join(self.keypoints)}",
                    )
        require_distinct((keypoint for pair in self.pairs for keypoint in pair), "a skeleton's pairs name a key point")

    def __len__(self) -> int:
        return len(self.keypoints)

    def edge_places(self) -> Int[np.ndarray, "edge 2"]:
        """The edges as the indices of their two ends in `keypoints`."""
        return np.array([[self.keypoints.index(keypoint) for keypoint in edge] for edge in self.edges], int).reshape(
            -1, 2
        )

    def exchange(self) -> Int[np.ndarray, " keypoint"]:
        """The indices of key points after left and right are exchanged: `y[:, skeleton.exchange()]` mirrors the labels.

        >>> Skeleton(("head", "legL", "legR"), pairs=(("legL", "legR"),)).exchange().tolist()
        [0, 2, 1]
        """
        order = np.arange(len(self.keypoints))
        for left, right in self.pairs:
            here, there = self.keypoints.index(left), self.keypoints.index(right)
            order[here], order[there] = there, here
        return order

    def to_json(self) -> dict[str, list]:
        """Plain lists, as `Dataset.extra["skeleton"]` holds them."""
        return {
            "joints": list(self.keypoints),
            "edges": [list(edge) for edge in self.edges],
            "pairs": [list(pair) for pair in self.pairs],
        }


def skeleton_from_json(stored: Mapping[str, Any]) -> Skeleton:
    """Read a skeleton from what `Skeleton.to_json` gave.

    Raises:
        InputError: it is no skeleton.
    """
    try:
        return Skeleton(
            tuple(stored["joints"]),
            tuple((a, b) for a, b in stored.get("edges", ())),
            tuple((left, right) for left, right in stored.get("pairs", ())),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"not a skeleton with key points, edges and pairs: {str(stored)[:80]}") from None


def require_same_keypoints(expected: Skeleton, second: Skeleton, where: str) -> None:
    """Raise an `InputError` that begins with `where` and names the differing key points, unless both are the same."""
    if expected.keypoints == second.keypoints:
        return
    missing = [keypoint for keypoint in expected.keypoints if keypoint not in second.keypoints]
    other = [keypoint for keypoint in second.keypoints if keypoint not in expected.keypoints]
    if not missing and not other:
        raise InputError(f"{where}: the key points stand in another order: {', '.join(second.keypoints)}")
    text = [f"without {', '.join(missing[:5])}"] if missing else []
    text += [f"with {', '.join(other[:5])}"] if other else []
    raise InputError(f"{where}: key points of another skeleton: {' and '.join(text)}")


def skeleton_from(keypoints: tuple[str, ...], details: Mapping[str, Any]) -> Skeleton:
    """The skeleton of a model file: its key points, and what its details say of edges and of left and right.

    Raises:
        InputError: they are no pairs of key points.
    """
    links = {what: details.get(what, []) for what in ("edges", "pairs")}
    for what, pairs in links.items():
        names = isinstance(pairs, list | tuple) and all(isinstance(p, list | tuple) and len(p) == 2 for p in pairs)
        require(
            names and all(isinstance(name, str) for pair in pairs for name in pair),
            f"{what} must be pairs of key points, got {pairs!r:.60}",
        )
    return Skeleton(tuple(keypoints), *(tuple(map(tuple, pairs)) for pairs in links.values()))


def validate_size(size: Any) -> None:
    """Raise an `InputError` unless a file's size of images is height and width in whole px."""
    whole = isinstance(size, list | tuple) and all(type(side) is int and side > 0 for side in size)
    require(whole and len(size) == 2, f"size must be height and width, got {size!r:.60}")
