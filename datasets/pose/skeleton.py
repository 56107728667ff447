"""The named joints of an animal, which of them are connected, and which are left and right of one another."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Int

from neuron_models.foundation.errors import InputError, require, require_distinct


@dataclass(frozen=True)
class Skeleton:
    """Joints in the order of the arrays that hold them, edges to draw, and (left, right) pairs of joints.

    Raises:
        InputError: no joint, a name twice, an edge or a pair of unknown joints, a joint in two pairs.
    """

    joints: tuple[str, ...]
    edges: tuple[tuple[str, str], ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        require(len(self.joints) > 0, "a skeleton needs at least one joint")
        require(all(self.joints), "a skeleton has a joint without a name")
        require_distinct(self.joints, "a skeleton names a joint")
        for what, links in (("edge", self.edges), ("pair", self.pairs)):
            for link in links:
                require(len(link) == 2 and link[0] != link[1], f"a skeleton's {what} joins two joints, got {link}")
                for joint in link:
                    require(
                        joint in self.joints,
                        f"a skeleton's {what} names {joint!r}; the joints are {', '.join(self.joints)}",
                    )
        require_distinct((joint for pair in self.pairs for joint in pair), "a skeleton's pairs name a joint")

    def __len__(self) -> int:
        return len(self.joints)

    def edge_places(self) -> Int[np.ndarray, "edge 2"]:
        """The edges as places in `joints`."""
        return np.array([[self.joints.index(joint) for joint in edge] for edge in self.edges], int).reshape(-1, 2)

    def exchange(self) -> Int[np.ndarray, " joint"]:
        """The order of the joints after left and right are exchanged: `y[:, skeleton.exchange()]` mirrors the labels.

        >>> Skeleton(("head", "legL", "legR"), pairs=(("legL", "legR"),)).exchange().tolist()
        [0, 2, 1]
        """
        order = np.arange(len(self.joints))
        for left, right in self.pairs:
            here, there = self.joints.index(left), self.joints.index(right)
            order[here], order[there] = there, here
        return order

    def to_json(self) -> dict[str, list]:
        """Plain lists, as `Dataset.extra["skeleton"]` holds them."""
        return {
            "joints": list(self.joints),
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
        raise InputError(f"not a skeleton with joints, edges and pairs: {str(stored)[:80]}") from None


def require_same_joints(expected: Skeleton, found: Skeleton, where: str) -> None:
    """Raise an `InputError` that begins with `where` and names the joints that differ, unless both name the same."""
    if expected.joints == found.joints:
        return
    missing = [joint for joint in expected.joints if joint not in found.joints]
    other = [joint for joint in found.joints if joint not in expected.joints]
    if not missing and not other:
        raise InputError(f"{where}: the joints stand in another order: {', '.join(found.joints)}")
    told = [f"without {', '.join(missing[:5])}"] if missing else []
    told += [f"with {', '.join(other[:5])}"] if other else []
    raise InputError(f"{where}: joints of another skeleton: {' and '.join(told)}")


def skeleton_from(joints: tuple[str, ...], details: Mapping[str, Any]) -> Skeleton:
    """The skeleton of a model file: its joints, and what its details say of edges and of left and right.

    Raises:
        InputError: they are no pairs of joints.
    """
    links = {what: details.get(what, []) for what in ("edges", "pairs")}
    for what, pairs in links.items():
        names = isinstance(pairs, list | tuple) and all(isinstance(p, list | tuple) and len(p) == 2 for p in pairs)
        require(
            names and all(isinstance(name, str) for pair in pairs for name in pair),
            f"{what} must be pairs of joints, got {pairs!r:.60}",
        )
    return Skeleton(tuple(joints), *(tuple(map(tuple, pairs)) for pairs in links.values()))


def validate_size(size: Any) -> None:
    """Raise an `InputError` unless a file's size of images is height and width in whole px."""
    whole = isinstance(size, list | tuple) and all(type(side) is int and side > 0 for side in size)
    require(whole and len(size) == 2, f"size must be height and width, got {size!r:.60}")
