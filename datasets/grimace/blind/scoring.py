"""What raters said, kept in a journal as they say it, and continued where they stopped."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets.grimace.blind.faces import Face, Faces
from datasets.grimace.blind.order import Place, random_order
from datasets.grimace.units import HIGHEST, OUTPUTS
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.journal import Journal
from neuron_models.foundation.units import Fraction

FORMAT, VERSION = "wormtwin-blind-scores", 1
BACK = 5
"""So many faces a rater may go back, to correct a slip."""
Answers = dict[str, int | None]
"""Scores by output; None where a rater cannot judge it."""


@dataclass(frozen=True)
class Entries:
    """What a journal holds: its faces, the order of every rater, and what each said of each place of it."""

    faces: Mapping[str, Face]
    orders: Mapping[str, tuple[Place, ...]]
    answers: dict[tuple[str, Place], Answers]

    def finished(self, rater: str, place: Place) -> bool:
        """Whether a rater gave all answers about a place."""
        return len(self.answers.get((rater, place), ())) == len(OUTPUTS)


class BlindScoring:
    """One rater's scoring of faces; every answer is on the disk when it counts.

    Args:
        faces: to be scored.
        folder: of the journal and the tables; an existing one is continued, by the same rater or another.
        rater: who scores.
        repeats: share of the faces that come twice.
        seed: of the order.

    Raises:
        InputError: the name cannot be used, the folder belongs to another process, or it holds scores of faces that
            are not there now.
    """

    def __init__(self, faces: Faces, folder: Path, rater: str, repeats: Fraction = 0.1, seed: int = 0) -> None:
        require_rater(rater)
        require(0 <= repeats <= 1, f"--repeats must be a share from 0 to 1, got {repeats:g}")
        self._by_name = {face.image: face for face in faces.faces}
        require(len(self._by_name) > 0, "there is no face to score")
        self.faces, self.rater = faces, rater
        self.journal, self._lock = Journal(folder, ("score", "scored")), threading.Lock()
        try:
            if not self.journal.entries:
                self._write({"do": "begin", "format": FORMAT, "version": VERSION})
            self.entries = entries_of(self.journal.entries, folder)
            self._require_known(folder)
            self._begin(repeats, seed)
        except BaseException:
            self.journal.close()
            raise

    def _write(self, *entries: dict[str, Any]) -> None:
        self.journal.append(*entries)
        self.journal.entries.extend(entries)

    def _require_known(self, folder: Path) -> None:
        for image, face in self.entries.faces.items():
            require(image in self._by_name, f"{folder} holds scores of {image}, which is not there now: bring it back")
            now = self._by_name[image]
            require(now.animal == face.animal, f"{image} was of animal {face.animal!r}, and is now of {now.animal!r}")

    def _begin(self, repeats: Fraction, seed: int) -> None:
        """Bring faces and an order that are new into the journal."""
        new = [face for face in self.faces.faces if face.image not in self.entries.faces]
        known = {image for image, _ in self.entries.orders.get(self.rater, ())}
        unseen = [face.image for face in self.faces.faces if face.image not in known]
        if new:
            listed = [[face.image, face.animal, None if face.box is None else list(face.box)] for face in new]
            self._write({"do": "faces", "faces": listed})
        if unseen:
            order = random_order(unseen, repeats, self.rater, seed + len(known))
            self._write({"do": "order", "rater": self.rater, "order": [list(place) for place in order]})
        self.entries = entries_of(self.journal.entries, self.journal.folder)

    @property
    def order(self) -> tuple[Place, ...]:
        """The places of this rater, in their order."""
        return self.entries.orders[self.rater]

    @property
    def due(self) -> int:
        """The number of the first face, from 0, that is not finished; that of all faces when there is none."""
        done = (number for number, place in enumerate(self.order) if not self.entries.finished(self.rater, place))
        return next(done, len(self.order))

    def place(self, number: int) -> Place:
        """The place of this number, from 0.

        Raises:
            InputError: it is not due yet, or too far back.
        """
        due = self.due
        require(
            max(0, due - BACK) <= number <= min(due, len(self.order) - 1), f"face {number + 1} is not to be scored now"
        )
        return self.order[number]

    def answers(self, number: int) -> Answers:
        """What was said of a face so far."""
        return dict(self.entries.answers.get((self.rater, self.place(number)), {}))

    def picture(self, number: int) -> Any:
        """The picture (height, width, 3) of a face."""
        return self.faces.read(self._by_name[self.place(number)[0]])

    def answer(self, number: int, output: str, score: Any) -> int:
        """Take an answer; it is on the disk when this returns.

        Args:
            number: of the face, from 0.
            output: a unit, or pain.
            score: a whole number; None when it cannot be judged.

        Returns:
            The number of the face that is due then.

        Raises:
            InputError: there is no such output or score, or the face is not to be scored now.
        """
        require_answer(output, score)
        with self._lock:
            place = self.place(number)
            entry = {"do": "score", "rater": self.rater, "place": list(place), "output": output, "score": score}
            self.journal.append(entry)
            self.entries.answers.setdefault((self.rater, place), {})[output] = score
            return self.due


def require_rater(rater: str) -> None:
    """Raise an `InputError` unless a rater's name can stand in a table beside others."""
    good = (
        bool(rater.strip()) and rater.isprintable() and len(rater) <= 80 and not rater.startswith(("=", "+", "-", "@"))
    )
    require(good, f"--rater must be a name of one line, up to 80 characters, got {rater!r:.100}")
    require(rater not in ("machine", "truth"), f"--rater {rater}: this name is taken: choose another")


def require_answer(output: str, score: Any) -> None:
    """Raise an `InputError` unless there is such an output and such a score of it."""
    require(output in OUTPUTS, f"there is no score {output!r:.40}; there are {', '.join(OUTPUTS)}")
    whole = score is None or (isinstance(score, int) and not isinstance(score, bool))
    good = whole and (score is None or 0 <= score <= HIGHEST[output])
    require(good, f"{output} is scored 0 to {HIGHEST[output]}, or not at all, got {score!r:.40}")


def entries_of(lines: list[dict[str, Any]], folder: Path) -> Entries:
    """What the lines of a journal say.

    Raises:
        InputError: they are those of another kind of work, or of a later version.
    """
    head = lines[0] if lines else {}
    require(head.get("format") == FORMAT, f"{folder} holds other work than blind scores: name another folder")
    require(head.get("version") == VERSION, f"{folder} is of a later version of this program")
    faces: dict[str, Face] = {}
    orders: dict[str, tuple[Place, ...]] = {}
    answers: dict[tuple[str, Place], Answers] = {}
    try:
        for line in lines[1:]:
            if line["do"] == "faces":
                read = [
                    Face(image, animal, None if box is None else tuple(box)) for image, animal, box in line["faces"]
                ]
                faces |= {face.image: face for face in read}
            elif line["do"] == "order":
                more = tuple((str(image), int(time)) for image, time in line["order"])
                orders[line["rater"]] = orders.get(line["rater"], ()) + more
            else:
                image, time = line["place"]
                require_answer(line["output"], line["score"])
                answers.setdefault((line["rater"], (image, time)), {})[line["output"]] = line["score"]
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{folder}: its journal holds a line that is none of blind scores") from None
    return Entries(faces, orders, answers)
