"""Who labelled what: bouts of behaviours in the frames of a recording, as one class a frame."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Int

from neuron_models.foundation.errors import require
from neuron_models.foundation.wording import counted

UNLABELLED = -1
"""The class of a frame that nobody labelled."""


@dataclass(frozen=True)
class Bout:
    """A behaviour from one frame to before another, both counted from 0."""

    behaviour: str
    start: int
    end: int


@dataclass(frozen=True, eq=False)
class Labels:
    """One rater's bouts of a recording.

    `whole` says that frames without a bout show none of the behaviours; else nobody looked at them. `frames` is how
    long the recording is where the file says so. `source` names the file.
    """

    bouts: tuple[Bout, ...]
    source: str
    whole: bool = False
    frames: int | None = None

    @property
    def behaviours(self) -> tuple[str, ...]:
        """The behaviours in the order of their first bout."""
        return tuple(dict.fromkeys(bout.behaviour for bout in self.bouts))

    def cut(self, frames: int, most: int) -> "Labels":
        """The labels without what lies at most so many frames past the last one; else as they are."""
        past = [bout for bout in self.bouts if bout.end > frames]
        if not past or max(bout.end for bout in past) > frames + most:
            return self
        bouts = tuple(replace(b, end=min(b.end, frames)) for b in self.bouts if b.start < frames)
        return replace(self, bouts=bouts)

    def at(self, chosen: Int[np.ndarray, " new_frame"], frames: int) -> "Labels":
        """The labels of some of the frames of a recording of `frames`, ascending, which become all there are."""
        names = self.behaviours
        numbers = self.by_frame(frames, names)[chosen]
        return replace(self, bouts=bouts_of(numbers, names), frames=len(chosen) if self.whole else None)

    def by_frame(self, frames: int, classes: Sequence[str], none: str = "") -> Int[np.ndarray, " frame"]:
        """The class of each frame; `UNLABELLED` where nobody labelled it, or labelled something else.

        Args:
            frames: of the recording.
            classes: names of behaviours.
            none: the class of a frame without a bout in labels that are `whole`; no class when empty.

        Raises:
            InputError: bouts that end before they begin, lie past the last frame, or overlap.
        """
        self.validate(frames)
        numbers = {name: index for index, name in enumerate(classes)}
        rest = numbers.get(none, UNLABELLED) if self.whole else UNLABELLED
        labels = np.full(frames, rest)
        for bout in self.bouts:
            labels[bout.start : bout.end] = numbers.get(bout.behaviour, UNLABELLED)
        return labels

    def validate(self, frames: int) -> None:
        """Raise an `InputError` unless the bouts fit a recording of so many frames and none overlaps another."""
        require(
            self.frames is None or self.frames == frames,
            f"{self.source} labels {counted(self.frames or 0, 'frame')}, the tracks have {frames}",
        )
        last = -1
        before: Bout | None = None
        for bout in sorted(self.bouts, key=lambda each: (each.start, each.end)):
            where = f"{self.source}: {bout.behaviour} from frame {bout.start} to {bout.end - 1}"
            require(bout.end > bout.start, f"{where} ends before it begins")
            require(bout.start >= 0, f"{where} begins before frame 0: does the file count from 1?")
            require(bout.end <= frames, f"{where} lies past the last frame, {frames - 1}")
            other = "" if before is None else f"{before.behaviour} from {before.start} to {before.end - 1}"
            require(bout.start >= last, f"{where} overlaps {other}")
            last, before = bout.end, bout


def bouts_of(labels: Int[np.ndarray, " frame"], classes: Sequence[str]) -> tuple[Bout, ...]:
    """The bouts of a class a frame; frames without a class are in none.

    >>> bouts_of(np.array([-1, 0, 0, 1]), ["walk", "groom"])
    (Bout(behaviour='walk', start=1, end=3), Bout(behaviour='groom', start=3, end=4))
    """
    edges = np.flatnonzero(np.diff(labels)) + 1
    starts, ends = np.concatenate([[0], edges]), np.concatenate([edges, [len(labels)]])
    return tuple(
        Bout(classes[labels[a]], int(a), int(b))
        for a, b in zip(starts, ends, strict=True)
        if b > a and labels[a] != UNLABELLED
    )
