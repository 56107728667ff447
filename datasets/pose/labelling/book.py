"""All labels of a labelling as they stand: made from the changes of its journal, one after the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from datasets.pose.labelling.marks import Mark, marks_from_json
from datasets.pose.skeleton import Skeleton, skeleton_from_json
from neuron_models.foundation.errors import InputError, require, require_distinct
from neuron_models.foundation.units import Seconds

Place = tuple[str, int]
"""A frame: the name of its film, and its index there."""
NONE, PART, WHOLE = "none", "part", "whole"
"""How far a frame is labelled."""


@dataclass(frozen=True)
class Spent:
    """How long a person was at a frame, and how many changes were made meanwhile; `at` is when it ended, Unix time."""

    film: str
    frame: int
    seconds: Seconds
    changes: int
    at: Seconds


class LabelBook:
    """Skeleton, animals and marks as they stand, and the times that frames took.

    Args:
        sizes: (frames, height, width) of each film, which changes have to fit.
    """

    def __init__(self, sizes: Mapping[str, tuple[int, int, int]]) -> None:
        self._sizes = dict(sizes)
        self.skeleton: Skeleton | None = None
        self.animals: tuple[str, ...] = ("animal",)
        self.marks: dict[Place, dict[str, dict[str, Mark]]] = {}
        self.spent: list[Spent] = []
        self.pool: list[tuple[str, int, int]] = []

    def apply(self, change: Mapping[str, Any], *, trusted: bool = False) -> None:
        """Make a change; nothing has changed where it is refused.

        Args:
            change: with `do`: mark, skeleton, animals, time or pool.
            trusted: it was checked before: labels that came from a file may lie outside their frame.

        Raises:
            InputError: it is no change of this labelling.
        """
        makers = {
            "mark": self._mark,
            "skeleton": self._skeleton,
            "animals": self._animals,
            "time": self._time,
            "pool": self._pool,
        }
        made = makers.get(str(change.get("do")))
        if made is None:
            raise InputError(f"there is no change {str(change.get('do'))!r:.40}: {', '.join(makers)}")
        made(change, trusted)

    def of(self, place: Place, animal: str) -> dict[str, Mark]:
        """The marks of an animal in a frame by key point, of those that the skeleton has."""
        keypoints = self.skeleton.keypoints if self.skeleton is not None else ()
        stored = self.marks.get(place, {}).get(animal, {})
        return {name: stored[name] for name in keypoints if name in stored}

    def status(self, place: Place) -> str:
        """`whole` where every animal that has marks in a frame has all, `part` where one lacks some, else `none`."""
        number = len(self.skeleton) if self.skeleton is not None else 0
        counts = [count for animal in self.animals if (count := len(self.of(place, animal)))]
        return NONE if not counts else WHOLE if min(counts) == number else PART

    def labelled(self) -> list[Place]:
        """The frames that have marks, by film and frame."""
        order = {film: index for index, film in enumerate(self._sizes)}
        places = [place for place in self.marks if self.status(place) != NONE]
        return sorted(places, key=lambda place: (order[place[0]], place[1]))

    def _place(self, change: Mapping[str, Any]) -> Place:
        film, frame = change.get("film"), change.get("frame")
        require(isinstance(film, str) and film in self._sizes, f"there is no film {film!r:.60}")
        number = self._sizes[str(film)][0]
        whole = isinstance(frame, int) and not isinstance(frame, bool)
        require(whole and 0 <= int(frame or 0) < number, f"{film} has {number} frames, there is no frame {frame!r:.20}")
        return str(film), int(frame or 0)

    def _mark(self, change: Mapping[str, Any], trusted: bool) -> None:
        place, animal = self._place(change), change.get("animal")
        require(animal in self.animals, f"there is no animal {animal!r:.60}: {', '.join(self.animals)}")
        marks = marks_from_json(change.get("marks"))
        for name, mark in marks.items():
            if not trusted:
                self._require_mark(name, mark, place)
        stored = self.marks.setdefault(place, {}).setdefault(str(animal), {})
        for name, mark in marks.items():
            if mark is None:
                stored.pop(name, None)
            else:
                stored[name] = mark

    def _require_mark(self, name: str, mark: Mark | None, place: Place) -> None:
        known = self.skeleton.keypoints if self.skeleton is not None else ()
        require(name in known, f"there is no key point {name!r:.60}: {', '.join(known) or 'make a skeleton first'}")
        if mark is not None and mark.x == mark.x:
            _, high, wide = self._sizes[place[0]]
            inside = -0.5 <= mark.x <= wide - 0.5 and -0.5 <= mark.y <= high - 0.5
            at = f"({mark.x:g}, {mark.y:g})"
            require(inside, f"{name} at {at} lies outside of the frame of {wide} x {high} px: mark it absent")

    def _skeleton(self, change: Mapping[str, Any], trusted: bool) -> None:
        stored = change.get("skeleton")
        require(isinstance(stored, dict), "a skeleton comes as an object of joints, edges and pairs")
        skeleton = skeleton_from_json(stored)  # type: ignore[arg-type]
        _require_lines(skeleton.keypoints, "key point")
        renamed = _renamed(change)
        for animals in self.marks.values():
            for marks in animals.values():
                moved = {new: marks.pop(old) for old, new in renamed.items() if old in marks}
                marks.update(moved)
        self.skeleton = skeleton

    def _animals(self, change: Mapping[str, Any], trusted: bool) -> None:
        names = change.get("names")
        require(isinstance(names, list) and len(names) > 0, "animals are a list of one name or more")
        animals = tuple(str(name) for name in names or ())
        _require_lines(animals, "animal")
        require_distinct(animals, "the animals have a name")
        renamed = _renamed(change)
        for stored in self.marks.values():
            moved = {new: stored.pop(old) for old, new in renamed.items() if old in stored}
            stored.update(moved)
        self.animals = animals

    def _time(self, change: Mapping[str, Any], trusted: bool) -> None:
        film, frame = self._place(change)
        seconds, changes = (change.get(name) for name in ("seconds", "changes"))
        numbers = isinstance(seconds, int | float) and isinstance(changes, int) and 0 <= seconds < 86_400
        require(numbers, f"a time has seconds and changes, got {seconds!r:.20} and {changes!r:.20}")
        self.spent.append(Spent(film, frame, float(seconds or 0), int(changes or 0), float(change.get("at") or 0)))

    def _pool(self, change: Mapping[str, Any], trusted: bool) -> None:
        self.pool = [(str(film), int(frame), int(cluster)) for film, frame, cluster in change.get("frames", ())]


def _renamed(change: Mapping[str, Any]) -> dict[str, str]:
    given = change.get("renamed") or {}
    require(isinstance(given, dict), "what is renamed is an object of old and new names")
    return {str(old): str(new) for old, new in given.items() if old != new}


def _require_lines(names: Sequence[str], what: str) -> None:
    for name in names:
        sound = name.strip() == name and 0 < len(name) <= 80 and name.isprintable()
        require(
            sound, f"the name of {'an' if what[0] in 'aeiou' else 'a'} {what} is one printable line, got {name!r:.60}"
        )
