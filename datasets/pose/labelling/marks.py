"""A mark: where a key point is in one frame, whether it is seen, and who says so."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from datasets.pose.formats.makers_file import MAKERS
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.units import Fraction, Pixels

VISIBLE, OCCLUDED, ABSENT = "visible", "occluded", "absent"
STATES = (VISIBLE, OCCLUDED, ABSENT)
"""Seen; hidden by something, its place judged; not in the image or nobody can say where."""
PERSON, ACCEPTED, NETWORK = MAKERS[1:]
"""Who made a label: a person, a network whose guess a person accepted, or a network alone."""


@dataclass(frozen=True)
class Mark:
    """A key point in one frame: `x` to the right and `y` down in px of the image, NaN where it is absent.

    `score` is the confidence of a network, NaN where none is known.
    """

    x: Pixels
    y: Pixels
    state: str = VISIBLE
    maker: str = PERSON
    score: Fraction = float("nan")

    def __post_init__(self) -> None:
        require(self.state in STATES, f"a mark is {', '.join(STATES)}, got {self.state!r:.40}")
        require(self.maker in MAKERS[1:], f"a mark is made by one of {', '.join(MAKERS[1:])}, got {self.maker!r:.40}")
        known = bool(np.isfinite(self.x) and np.isfinite(self.y))
        require(known != (self.state == ABSENT), f"a mark that is {self.state} at ({self.x}, {self.y})")

    def to_json(self) -> list[Any]:
        """The list [x, y, state, maker] or [x, y, state, maker, score]; None for x and y where it is absent."""
        place = (None, None) if self.state == ABSENT else (self.x, self.y)
        return [*place, self.state, self.maker, *([] if np.isnan(self.score) else [self.score])]


Marks = Mapping[str, Mark]
"""The marks of one animal in one frame by key point."""


def mark_from_json(stored: Any) -> Mark:
    """Read what `Mark.to_json` gave.

    Raises:
        InputError: it is no mark.
    """
    whole = isinstance(stored, list) and len(stored) in (4, 5)
    numbers = whole and all(each is None or type(each) in (int, float) for each in (*stored[:2], *stored[4:]))
    texts = whole and all(isinstance(each, str) for each in stored[2:4])
    require(numbers and texts, f"a mark is [x, y, state, maker], got {stored!r:.60}")
    x, y, score = (float("nan") if each is None else float(each) for each in (*stored[:2], (*stored[4:], None)[0]))
    return Mark(x, y, stored[2], stored[3], score)


def marks_from_json(stored: Any) -> dict[str, Mark | None]:
    """Marks by key point; None for one that is taken away.

    Raises:
        InputError: they are none.
    """
    if not isinstance(stored, dict):
        raise InputError(f"marks are an object of key points, got {stored!r:.60}")
    return {str(name): None if each is None else mark_from_json(each) for name, each in stored.items()}
